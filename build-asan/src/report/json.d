build-asan/src/report/json.o: src/report/json.c src/report/renderer.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h src/report/clock.h src/report/frame.h \
 src/report/stream.h src/util/escape.h
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/report/clock.h:
src/report/frame.h:
src/report/stream.h:
src/util/escape.h:

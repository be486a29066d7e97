build-asan/src/report/frame.o: src/report/frame.c src/report/frame.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h
src/report/frame.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

build-asan/src/report/integrity.o: src/report/integrity.c \
 src/report/integrity.h src/report/renderer.h src/model/snapshot.h \
 src/model/kind.h src/model/loss.h src/model/module.h src/report/clock.h
src/report/integrity.h:
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/report/clock.h:

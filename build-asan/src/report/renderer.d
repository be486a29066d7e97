build-asan/src/report/renderer.o: src/report/renderer.c \
 src/report/renderer.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

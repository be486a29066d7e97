build-asan/src/report/output.o: src/report/output.c src/report/output.h \
 src/report/renderer.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h
src/report/output.h:
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

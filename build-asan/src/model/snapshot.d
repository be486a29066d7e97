build-asan/src/model/snapshot.o: src/model/snapshot.c \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

build-asan/src/analyze/identity.o: src/analyze/identity.c \
 src/analyze/identity.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h
src/analyze/identity.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

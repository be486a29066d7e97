build-asan/src/analyze/aggregate.o: src/analyze/aggregate.c \
 src/analyze/aggregate.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h src/analyze/identity.h
src/analyze/aggregate.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/analyze/identity.h:

build-asan/src/collect/ranges.o: src/collect/ranges.c \
 src/collect/ranges.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h
src/collect/ranges.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:

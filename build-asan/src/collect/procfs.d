build-asan/src/collect/procfs.o: src/collect/procfs.c \
 src/collect/procfs.h src/probe/features.h
src/collect/procfs.h:
src/probe/features.h:

build-asan/src/probe/features.o: src/probe/features.c \
 src/probe/features.h src/probe/tracepoint.h
src/probe/features.h:
src/probe/tracepoint.h:

build-asan/src/probe/tracepoint.o: src/probe/tracepoint.c \
 src/probe/tracepoint.h
src/probe/tracepoint.h:

build-asan/src/collect/live.o: src/collect/live.c src/collect/live.h \
 bpf/memtrace.h src/model/kind.h src/model/loss.h src/probe/bpf.h \
 build-asan/memtrace.skel.h
src/collect/live.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:
src/probe/bpf.h:
build-asan/memtrace.skel.h:

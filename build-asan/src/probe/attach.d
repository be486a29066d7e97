build-asan/src/probe/attach.o: src/probe/attach.c src/probe/attach.h \
 bpf/memtrace.h src/model/kind.h src/model/loss.h src/probe/bpf.h \
 build-asan/memtrace.skel.h src/probe/features.h
src/probe/attach.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:
src/probe/bpf.h:
build-asan/memtrace.skel.h:
src/probe/features.h:

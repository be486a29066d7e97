build-asan/src/probe/catalog.o: src/probe/catalog.c src/probe/catalog.h \
 bpf/memtrace.h src/model/kind.h src/model/loss.h
src/probe/catalog.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:

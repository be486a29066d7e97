build-asan/src/collect/drain.o: src/collect/drain.c \
 src/collect/internal.h src/collect/live.h bpf/memtrace.h \
 src/model/kind.h src/model/loss.h src/collect/session.h \
 src/model/snapshot.h src/model/module.h src/collect/target.h \
 src/collect/modules.h src/collect/maps.h src/collect/ranges.h \
 src/probe/attach.h src/probe/bpf.h build-asan/memtrace.skel.h \
 src/collect/nodes.h
src/collect/internal.h:
src/collect/live.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:
src/collect/session.h:
src/model/snapshot.h:
src/model/module.h:
src/collect/target.h:
src/collect/modules.h:
src/collect/maps.h:
src/collect/ranges.h:
src/probe/attach.h:
src/probe/bpf.h:
build-asan/memtrace.skel.h:
src/collect/nodes.h:

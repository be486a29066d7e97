build-asan/src/collect/target.o: src/collect/target.c \
 src/collect/target.h src/collect/modules.h src/collect/maps.h \
 src/model/module.h src/collect/ranges.h src/model/snapshot.h \
 src/model/kind.h src/model/loss.h bpf/memtrace.h src/probe/attach.h \
 src/collect/procfs.h src/probe/bpf.h build-asan/memtrace.skel.h \
 src/probe/elf_file.h src/probe/resolve.h src/probe/catalog.h \
 src/probe/site.h
src/collect/target.h:
src/collect/modules.h:
src/collect/maps.h:
src/model/module.h:
src/collect/ranges.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
bpf/memtrace.h:
src/probe/attach.h:
src/collect/procfs.h:
src/probe/bpf.h:
build-asan/memtrace.skel.h:
src/probe/elf_file.h:
src/probe/resolve.h:
src/probe/catalog.h:
src/probe/site.h:

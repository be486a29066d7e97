build-asan/src/collect/survey.o: src/collect/survey.c \
 src/collect/survey.h src/collect/maps.h src/collect/modules.h \
 src/model/module.h src/collect/procfs.h src/probe/elf_file.h \
 src/probe/resolve.h src/probe/catalog.h bpf/memtrace.h src/model/kind.h \
 src/model/loss.h src/probe/site.h
src/collect/survey.h:
src/collect/maps.h:
src/collect/modules.h:
src/model/module.h:
src/collect/procfs.h:
src/probe/elf_file.h:
src/probe/resolve.h:
src/probe/catalog.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:
src/probe/site.h:

build-asan/src/probe/resolve_returns.o: src/probe/resolve_returns.c \
 src/probe/function.h src/probe/decode.h src/probe/elf_file.h \
 src/probe/resolve.h src/probe/catalog.h bpf/memtrace.h src/model/kind.h \
 src/model/loss.h src/probe/site.h src/probe/resolve_internal.h
src/probe/function.h:
src/probe/decode.h:
src/probe/elf_file.h:
src/probe/resolve.h:
src/probe/catalog.h:
bpf/memtrace.h:
src/model/kind.h:
src/model/loss.h:
src/probe/site.h:
src/probe/resolve_internal.h:

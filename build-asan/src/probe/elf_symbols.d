build-asan/src/probe/elf_symbols.o: src/probe/elf_symbols.c \
 src/probe/elf_internal.h src/probe/elf_file.h src/probe/elf_window.h
src/probe/elf_internal.h:
src/probe/elf_file.h:
src/probe/elf_window.h:

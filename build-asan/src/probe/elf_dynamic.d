build-asan/src/probe/elf_dynamic.o: src/probe/elf_dynamic.c \
 src/probe/elf_internal.h src/probe/elf_file.h src/probe/elf_window.h
src/probe/elf_internal.h:
src/probe/elf_file.h:
src/probe/elf_window.h:

build-asan/src/probe/elf_window.o: src/probe/elf_window.c \
 src/probe/elf_window.h
src/probe/elf_window.h:

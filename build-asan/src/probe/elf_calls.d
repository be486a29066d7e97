build-asan/src/probe/elf_calls.o: src/probe/elf_calls.c \
 src/probe/decode.h src/probe/elf_internal.h src/probe/elf_file.h \
 src/probe/elf_window.h
src/probe/decode.h:
src/probe/elf_internal.h:
src/probe/elf_file.h:
src/probe/elf_window.h:

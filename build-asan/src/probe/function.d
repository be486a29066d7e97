build-asan/src/probe/function.o: src/probe/function.c \
 src/probe/function.h src/probe/decode.h src/probe/elf_file.h
src/probe/function.h:
src/probe/decode.h:
src/probe/elf_file.h:

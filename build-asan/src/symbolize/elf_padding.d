build-asan/src/symbolize/elf_padding.o: src/symbolize/elf_padding.c \
 src/symbolize/elf_padding.h
src/symbolize/elf_padding.h:

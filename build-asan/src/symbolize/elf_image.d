build-asan/src/symbolize/elf_image.o: src/symbolize/elf_image.c \
 src/symbolize/elf_image.h
src/symbolize/elf_image.h:

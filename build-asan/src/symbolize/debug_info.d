build-asan/src/symbolize/debug_info.o: src/symbolize/debug_info.c \
 src/symbolize/debug_info.h src/symbolize/elf_image.h \
 src/symbolize/intervals.h src/symbolize/elf_padding.h
src/symbolize/debug_info.h:
src/symbolize/elf_image.h:
src/symbolize/intervals.h:
src/symbolize/elf_padding.h:

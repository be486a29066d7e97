build-asan/src/symbolize/debug_lines.o: src/symbolize/debug_lines.c \
 src/symbolize/debug_lines.h src/symbolize/debug_info.h \
 src/symbolize/elf_image.h src/symbolize/intervals.h
src/symbolize/debug_lines.h:
src/symbolize/debug_info.h:
src/symbolize/elf_image.h:
src/symbolize/intervals.h:

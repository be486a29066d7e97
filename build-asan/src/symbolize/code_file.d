build-asan/src/symbolize/code_file.o: src/symbolize/code_file.c \
 src/symbolize/code_file.h src/symbolize/text_pool.h src/symbolize/trim.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h src/symbolize/debug_info.h src/symbolize/elf_image.h \
 src/symbolize/intervals.h src/symbolize/debug_lines.h \
 src/symbolize/symbol_table.h
src/symbolize/code_file.h:
src/symbolize/text_pool.h:
src/symbolize/trim.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/symbolize/debug_info.h:
src/symbolize/elf_image.h:
src/symbolize/intervals.h:
src/symbolize/debug_lines.h:
src/symbolize/symbol_table.h:

build-asan/src/symbolize/symbol_table.o: src/symbolize/symbol_table.c \
 src/symbolize/symbol_table.h src/symbolize/intervals.h
src/symbolize/symbol_table.h:
src/symbolize/intervals.h:

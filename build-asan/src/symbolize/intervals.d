build-asan/src/symbolize/intervals.o: src/symbolize/intervals.c \
 src/symbolize/intervals.h
src/symbolize/intervals.h:

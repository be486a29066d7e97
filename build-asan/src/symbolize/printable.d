build-asan/src/symbolize/printable.o: src/symbolize/printable.c \
 src/symbolize/printable.h
src/symbolize/printable.h:

build-asan/src/symbolize/text_pool.o: src/symbolize/text_pool.c \
 src/symbolize/text_pool.h
src/symbolize/text_pool.h:

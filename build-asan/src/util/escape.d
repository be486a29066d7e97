build-asan/src/util/escape.o: src/util/escape.c src/util/escape.h
src/util/escape.h:

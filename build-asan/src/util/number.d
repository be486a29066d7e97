build-asan/src/util/number.o: src/util/number.c src/util/number.h
src/util/number.h:

build-asan/src/model/loss.o: src/model/loss.c src/model/loss.h
src/model/loss.h:

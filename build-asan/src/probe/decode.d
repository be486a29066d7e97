build-asan/src/probe/decode.o: src/probe/decode.c src/probe/decode.h
src/probe/decode.h:

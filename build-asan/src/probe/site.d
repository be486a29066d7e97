build-asan/src/probe/site.o: src/probe/site.c src/probe/site.h \
 src/probe/decode.h
src/probe/site.h:
src/probe/decode.h:

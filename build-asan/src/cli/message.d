build-asan/src/cli/message.o: src/cli/message.c src/cli/message.h \
 src/util/escape.h
src/cli/message.h:
src/util/escape.h:

build-asan/src/main.o: src/main.c src/cli/commands.h src/cli/help.h \
 src/cli/message.h
src/cli/commands.h:
src/cli/help.h:
src/cli/message.h:

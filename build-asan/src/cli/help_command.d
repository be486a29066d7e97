build-asan/src/cli/help_command.o: src/cli/help_command.c \
 src/cli/commands.h src/cli/help.h src/cli/message.h
src/cli/commands.h:
src/cli/help.h:
src/cli/message.h:

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"

static int print(const char *command)
{
	char text[256];
	int error = help_print(stdout, command);

	if (error != -ENOENT)
		return error ? message_fail("cannot write the help") : 0;
	snprintf(text, sizeof(text), "no such command: %s; memtrace help lists them", command);
	return message_fail(text);
}

int command_help(int argc, char **argv)
{
	struct options options;
	char error[512];
	int status = 0;

	if (command_begin("help", &options, argc, argv, error, sizeof(error), &status))
		status = options.n_files > 1 ? message_fail("help takes one command; see memtrace help")
		                             : print(options.files[0]);
	options_free(&options);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"

int command_help(int argc, char **argv)
{
	char text[256];
	int error;

	if (argc > 2)
		return message_fail("help takes one command; see memtrace help");
	error = help_print(stdout, argc > 1 ? argv[1] : NULL);
	if (error != -ENOENT)
		return error ? message_fail("cannot write the help") : 0;
	snprintf(text, sizeof(text), "no such command: %s; memtrace help lists them", argv[1]);
	return message_fail(text);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/begin.h"

#include <stdio.h>

#include "cli/help.h"
#include "cli/message.h"

bool command_begin(const char *command, struct options *options, int argc, char **argv, char *error, size_t error_size,
                   int *status)
{
	int asked = options_parse(options, argc, argv, command_find(command)->accept, error, error_size);

	if (asked == OPTIONS_HELP)
		*status = help_print(stdout, command) ? 2 : 0;
	else if (asked == OPTIONS_VERSION)
		*status = printf("memtrace %s\n", MEMTRACE_VERSION) < 0 ? 2 : 0;
	else if (asked)
		*status = message_fail(error);
	return !asked;
}

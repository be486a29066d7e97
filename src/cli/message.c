// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/message.h"

#include <stdio.h>

#include "util/escape.h"

static void print_line(const char *text)
{
	char line[1024];

	escape_copy(line, sizeof(line), text);
	fprintf(stderr, "memtrace: %s\n", line);
}

int message_fail(const char *text)
{
	print_line(text);
	return 2;
}

void message_tell(int verbosity, int level, const char *text)
{
	if (verbosity >= level)
		print_line(text);
}

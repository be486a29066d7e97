// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/terminal_type.h"

#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* NULL: it cannot do that. */
static const char *capability(const char *name)
{
	const char *text = tigetstr(name);

	return text == (const char *)-1 ? NULL : text;
}

int terminal_type_check(void)
{
	int result;

	/* Without a place for the result it would end the program. */
	if (setupterm(NULL, STDOUT_FILENO, &result) != OK || !capability("cup"))
		return -ENOTSUP;
	return 0;
}

void terminal_type_restoring(char *text, size_t size)
{
	static const char *const names[] = {"rmkx", "sgr0", "cnorm", "rmcup"};

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *sent = capability(names[i]);
		size_t length = strlen(text);

		if (sent)
			snprintf(text + length, size - length, "%s", sent);
	}
}

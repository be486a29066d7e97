/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `memtrace help [COMMAND]` and `--help` print, from the tables of commands and options. */
#ifndef MEMTRACE_CLI_HELP_H
#define MEMTRACE_CLI_HELP_H

#include <stdio.h>

/* One command that exists. */
struct command_row {
	const char *name;
	const char *synopsis;
	const char *summary;  /* one line */
	const char *details;  /* lines, each ended by a newline */
	unsigned int accept;  /* for options_parse() */
	const char *examples; /* lines, each ended by a newline: a command line, blanks, what it does */
};

/* The first one is the default: the command of a command line that names none. */
extern const struct command_row command_rows[];
extern const size_t n_command_rows;

/* The row of that name, or NULL. */
const struct command_row *command_find(const char *name);

/*
 * Prints the help of a command, or with `command` NULL the short one. 0, -ENOENT for a
 * command that does not exist (nothing is printed then), or -errno of a failed write.
 */
int help_print(FILE *out, const char *command);

#endif

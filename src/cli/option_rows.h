/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options as rows: all that the parser, the help, the completions and the man
 * page need to know of one. Adding an option is adding a row (and a field to
 * struct options); a test fails where the man page or a completion misses it.
 */
#ifndef MEMTRACE_CLI_OPTION_ROWS_H
#define MEMTRACE_CLI_OPTION_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option takes, and what stands in its field then. */
enum option_kind {
	OPTION_FLAG,         /* nothing; bool */
	OPTION_NUMBER,       /* uint64_t, size_t or unsigned int */
	OPTION_SIZE,         /* bytes, with K M G; uint64_t */
	OPTION_MILLISECONDS, /* uint64_t of nanoseconds */
	OPTION_CHOICE,       /* one of `choices`; enum of its index */
	OPTION_WORD,         /* one of `choices`; const char * */
	OPTION_TEXT,         /* anything but nothing; const char * */
	OPTION_FORMAT,       /* the name of a renderer */
	OPTION_PIDS,         /* a list; pids and n_pids */
	OPTION_LIST,         /* may be repeated; char ** with its number, a size_t, right behind */
	OPTION_SECONDS,      /* with decimals; uint64_t of nanoseconds */
	OPTION_SET,          /* a list of `choices`; an array of bool with one for each */
	OPTION_RATE,         /* bytes by time, "10M/h"; double of bytes per second */
	OPTION_FAIL_ON,      /* a list; fail_on */
	OPTION_ROTATE,       /* a size, or a time with its unit; rotate_bytes or rotate_ns */
	OPTION_LOUDER,
	OPTION_QUIETER,
	OPTION_ASK_HELP,
	OPTION_ASK_VERSION,
	OPTION_KIND_COUNT,
};

struct option_row {
	char letter; /* 0: none */
	bool hidden; /* for tests: not in the help */
	enum option_kind kind;
	unsigned int needs;   /* bits of options_accept, one of which the command must take; 0: any command */
	const char *name;     /* without the dashes */
	const char *argument; /* its name in the help; NULL: takes none */
	const char *initial;  /* the default, as one would give it; NULL: none */
	const char *help;
	size_t field, field_size;   /* in struct options */
	size_t given;               /* a bool in struct options that says the option was used; 0: none */
	uint64_t min, max;          /* of numbers, in the unit of the field */
	const char *const *choices; /* NULL at the end */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* Whether a command that takes `accept` (bits of options_accept) takes this option. */
bool option_row_accepted(const struct option_row *row, unsigned int accept);

#endif

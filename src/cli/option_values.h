/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an option's text to its field, by the row's kind; for the parser alone. */
#ifndef MEMTRACE_CLI_OPTION_VALUES_H
#define MEMTRACE_CLI_OPTION_VALUES_H

#include "cli/option_rows.h"
#include "cli/options.h"

#define QUOTE_SIZE 64

struct parser {
	struct options *options;
	char **argv;
	int argc, next; /* argv[next] is to be taken next */
	unsigned int accept;
	size_t n_positionals;
	char *error;
	size_t error_size;
};

/* What was given, short enough for a line; cli/message.c makes it harmless. */
struct quote {
	char text[QUOTE_SIZE];
};

struct quote option_quote(const char *text);
/* Writes the line on what is wrong. Returns -EINVAL. */
int option_wrong(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for memory: -ENOMEM. */
int option_out_of_memory(struct parser *parser);

/* Carries out one option. Returns as options_parse() does. */
int option_apply(struct parser *parser, const struct option_row *row, char *value);

#endif

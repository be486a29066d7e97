// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser behind the option rows. Options may stand before and after INTERVAL
 * and COUNT; "--" ends them, and what follows is the command to start.
 */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_values.h"
#include "util/number.h"

#define DEFAULT_INTERVAL_NS 5000000000ULL

static int apply_given(struct parser *parser, const struct option_row *row, char *value)
{
	int err;

	if (!option_row_accepted(row, parser->accept))
		return option_wrong(parser, "this command does not take --%s", row->name);
	err = option_apply(parser, row, value);
	if (!err && row->given)
		*((bool *)((char *)parser->options + row->given)) = true;
	return err;
}

/* The argument that follows the option, when none is attached to it. */
static char *take_value(struct parser *parser)
{
	return parser->next < parser->argc ? parser->argv[parser->next++] : NULL;
}

/* Of two of one name, the one that the command takes. NULL: there is none. */
static const struct option_row *row_of_name(const char *name, size_t length, unsigned int accept)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (strlen(row->name) != length || strncmp(row->name, name, length) != 0)
			continue;
		if (!found || option_row_accepted(row, accept))
			found = row;
	}
	return found;
}

static int parse_long(struct parser *parser, char *argument)
{
	size_t length = strcspn(argument, "=");
	char *value = argument[length] ? argument + length + 1 : NULL;
	const struct option_row *row = row_of_name(argument, length, parser->accept);

	if (!row)
		return option_wrong(parser, "unknown option '--%s'; 'memtrace help' lists the options",
		                    option_quote(argument).text);
	if (value && !row->argument)
		return option_wrong(parser, "--%s takes no value", row->name);
	if (row->argument && !value)
		value = take_value(parser);
	if (row->argument && !value)
		return option_wrong(parser, "--%s needs a value: %s", row->name, row->argument);
	return apply_given(parser, row, value);
}

static const struct option_row *row_of_letter(char letter)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		if (option_rows[i].letter && option_rows[i].letter == letter)
			return &option_rows[i];
	}
	return NULL;
}

/* "-vaT5", "-T 5": letters, the last of which may have a value. */
static int parse_letters(struct parser *parser, char *letters)
{
	for (char *letter = letters; *letter; letter++) {
		const struct option_row *row = row_of_letter(*letter);
		char *value = NULL;
		int err;

		if (!row)
			return option_wrong(parser, "unknown option '-%s'; 'memtrace help' lists the options",
			                    option_quote(letter).text);
		if (row->argument) {
			value = letter[1] ? letter + 1 : take_value(parser);
			if (!value)
				return option_wrong(parser, "-%c needs a value: %s", row->letter, row->argument);
		}
		err = apply_given(parser, row, value);
		if (err || row->argument)
			return err;
	}
	return 0;
}

static int parse_interval(struct parser *parser, const char *argument)
{
	uint64_t interval_ns;

	if (number_parse_seconds(argument, &interval_ns) || interval_ns == 0)
		return option_wrong(parser, "INTERVAL must be a number of seconds above 0, not '%s'%s",
		                    option_quote(argument).text,
		                    parser->accept & ACCEPT_COMMAND ? "; a command to trace stands behind --" : "");
	parser->options->interval_ns = interval_ns;
	parser->options->interval_given = true;
	return 0;
}

static int add_file(struct parser *parser, const char *argument)
{
	struct options *options = parser->options;

	if (options->n_files == sizeof(options->files) / sizeof(options->files[0]))
		return option_wrong(parser, "unexpected argument '%s'", option_quote(argument).text);
	options->files[options->n_files++] = argument;
	return 0;
}

static int parse_positional(struct parser *parser, const char *argument)
{
	uint64_t count;

	if (parser->accept & ACCEPT_FILE)
		return add_file(parser, argument);
	if (!(parser->accept & ACCEPT_INTERVAL) || parser->n_positionals == 2)
		return option_wrong(parser, "unexpected argument '%s'", option_quote(argument).text);
	if (parser->n_positionals++ == 0)
		return parse_interval(parser, argument);
	if (number_parse(argument, &count) || count == 0)
		return option_wrong(parser, "COUNT must be a whole number above 0, not '%s'",
		                    option_quote(argument).text);
	parser->options->count = count;
	return 0;
}

static int parse_command(struct parser *parser)
{
	if (!(parser->accept & ACCEPT_COMMAND))
		return option_wrong(parser, "this command does not take '-- COMMAND'");
	if (parser->next == parser->argc)
		return option_wrong(parser, "no command follows '--'");
	parser->options->command = parser->argv + parser->next;
	return 0;
}

static int parse_all(struct parser *parser)
{
	while (parser->next < parser->argc) {
		char *argument = parser->argv[parser->next++];
		int err;

		if (strcmp(argument, "--") == 0)
			return parse_command(parser);
		if (strncmp(argument, "--", 2) == 0)
			err = parse_long(parser, argument + 2);
		else if (argument[0] == '-' && argument[1])
			err = parse_letters(parser, argument + 1);
		else
			err = parse_positional(parser, argument);
		if (err)
			return err;
	}
	return 0;
}

bool options_judge_growth(const struct options *options)
{
	return options->max_growth_given || options->kinds[CHECK_GROWING];
}

/* The same of what memtrace check judges. */
static int check_judging(struct parser *parser)
{
	const struct options *options = parser->options;

	if (options->fail_on_given && !options->baseline)
		return option_wrong(parser, "--fail-on is about a baseline: name it with --baseline FILE");
	if (options->update_baseline && !options->baseline)
		return option_wrong(parser, "--update-baseline needs --baseline FILE");
	if (options->fail_on_given && options->update_baseline)
		return option_wrong(parser, "--update-baseline compares nothing: --fail-on has no meaning with it");
	if (options->gen_suppressions && options->format_given)
		return option_wrong(parser, "--gen-suppressions prints no report: --format has no meaning with it");
	if (options->n_files)
		return 0;
	if (!options->duration_ns && options_judge_growth(options))
		return option_wrong(parser, "what grows is seen only with --duration");
	if (!options->duration_ns && options->rounds_given)
		return option_wrong(parser, "--rounds are parts of --duration, which is not given");
	return 0;
}

/* Whether reports may follow one another on standard output. */
static bool is_series(const struct parser *parser)
{
	const struct options *options = parser->options;
	uint64_t count = options->count;

	if ((parser->accept & ACCEPT_LEAKS) && !count)
		count = 1;
	if (options->output || count == 1 || (options->command && !options->interval_given))
		return false;
	return (parser->accept & ACCEPT_INTERVAL) && (parser->accept & ACCEPT_STACKS);
}

/* What bears on the form of the reports. */
static int check_form(struct parser *parser)
{
	struct options *options = parser->options;

	if (options->renderer->alone && is_series(parser))
		return option_wrong(
		    parser,
		    "a report in the form %s is a file of its own: ask for one report (INTERVAL 1), or keep "
		    "the newest in a file with --output",
		    options->renderer->name);
	if (options->renderer->whole && !options->top_given)
		options->top = 0;
	return 0;
}

/* What no single option can tell. */
static int check(struct parser *parser)
{
	const struct options *options = parser->options;

	if (options->n_pids && options->command)
		return option_wrong(parser, "-p and '-- COMMAND' exclude each other: give one of them");
	if ((parser->accept & ACCEPT_COMMAND) && !options->n_pids && !options->command && !options->n_files)
		return option_wrong(parser, "nothing to trace: name a process with -p PID, or a command behind '--'");
	if (!!options->at + options->peak + options->last > 1)
		return option_wrong(parser, "--at, --peak and --last exclude each other: give one of them");
	if ((parser->accept & ACCEPT_RECORD) && !options->write)
		return option_wrong(parser, "nowhere to record to: name a file with -w FILE");
	if (options->min_size_bytes > options->max_size_bytes)
		return option_wrong(parser, "--min-size is above --max-size");
	if ((parser->accept & ACCEPT_CHECK) && check_judging(parser))
		return -EINVAL;
	return check_form(parser);
}

static int set_defaults(struct parser *parser)
{
	parser->options->interval_ns = DEFAULT_INTERVAL_NS;
	for (size_t i = 0; i < n_option_rows; i++) {
		int err =
		    option_rows[i].initial ? option_apply(parser, &option_rows[i], (char *)option_rows[i].initial) : 0;
		if (err)
			return err;
	}
	return 0;
}

int options_parse(struct options *options, int argc, char **argv, unsigned int accept, char *error, size_t error_size)
{
	struct parser parser = {
	    .options = options,
	    .argv = argv,
	    .argc = argc,
	    .next = 1,
	    .accept = accept,
	    .error = error,
	    .error_size = error_size,
	};
	int err;

	memset(options, 0, sizeof(*options));
	err = set_defaults(&parser);
	if (!err)
		err = parse_all(&parser);
	return err ? err : check(&parser);
}

void options_free(struct options *options)
{
	free(options->pids);
	free(options->objects);
	free(options->suppressions);
	options->pids = NULL;
	options->objects = NULL;
	options->suppressions = NULL;
	options->n_pids = 0;
	options->n_objects = 0;
	options->n_suppressions = 0;
}

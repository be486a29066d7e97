// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser behind the option rows. Options may stand before and after INTERVAL
 * and COUNT; "--" ends them, and what follows is the command to start.
 */
#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_rows.h"
#include "util/number.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_SECOND 1000000000ULL
#define DEFAULT_INTERVAL_NS (5 * NS_PER_SECOND)
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

static struct quote quote(const char *text)
{
	struct quote quoted;

	snprintf(quoted.text, sizeof(quoted.text), "%s", text);
	return quoted;
}

static __attribute__((format(printf, 2, 3))) int wrong(struct parser *parser, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->error, parser->error_size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int out_of_memory(struct parser *parser)
{
	wrong(parser, "out of memory");
	return -ENOMEM;
}

static void *field_of(struct parser *parser, const struct option_row *row)
{
	return (char *)parser->options + row->field;
}

static int wrong_number(struct parser *parser, const struct option_row *row, const char *value, int err)
{
	if (err == -ERANGE)
		return wrong(parser, "--%s: '%s' is too large", row->name, quote(value).text);
	return wrong(parser, "--%s needs a %s, not '%s'", row->name,
	             row->kind == OPTION_SIZE ? "size such as 4096, 64K or 1GiB" : "whole number", quote(value).text);
}

static int set_number(struct parser *parser, const struct option_row *row, const char *value)
{
	uint64_t number;
	int err = row->kind == OPTION_SIZE ? number_parse_size(value, &number) : number_parse(value, &number);

	if (err)
		return wrong_number(parser, row, value, err);
	if (number < row->min)
		return wrong(parser, "--%s must be at least %llu, not '%s'", row->name, (unsigned long long)row->min,
		             quote(value).text);
	if (number > row->max)
		return wrong(parser, "--%s must be at most %llu, not '%s'", row->name, (unsigned long long)row->max,
		             quote(value).text);
	if (row->kind == OPTION_MILLISECONDS)
		number *= NS_PER_MS;
	if (row->field_size == sizeof(unsigned int))
		*(unsigned int *)field_of(parser, row) = (unsigned int)number;
	else
		*(uint64_t *)field_of(parser, row) = number;
	return 0;
}

static int set_flag(struct parser *parser, const struct option_row *row, const char *value)
{
	(void)value;
	*(bool *)field_of(parser, row) = true;
	return 0;
}

/* "bytes, count, growth, age" */
static void list_words(char *buffer, size_t size, const char *const *words)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (; *words && used < size; words++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "", *words);
}

static int set_choice(struct parser *parser, const struct option_row *row, const char *value)
{
	char known[128];

	for (unsigned int i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], value) != 0)
			continue;
		if (row->kind == OPTION_WORD)
			*(const char **)field_of(parser, row) = row->choices[i];
		else
			*(unsigned int *)field_of(parser, row) = i;
		return 0;
	}
	list_words(known, sizeof(known), row->choices);
	return wrong(parser, "--%s: '%s' is none of %s", row->name, quote(value).text, known);
}

static bool is_taken(const struct parser *parser, const struct renderer *renderer)
{
	return !renderer->of_verdicts || (parser->accept & ACCEPT_CHECK);
}

static int set_format(struct parser *parser, const struct option_row *row, const char *value)
{
	const struct renderer *renderer = renderer_find(value);
	const char *names[16] = {NULL};
	char known[128];
	size_t n = 0;

	if (renderer && is_taken(parser, renderer)) {
		const char *missing = renderer->missing ? renderer->missing() : NULL;

		if (missing)
			return wrong(parser, "--%s %s: %s", row->name, renderer->name, missing);
		*(const struct renderer **)field_of(parser, row) = renderer;
		return 0;
	}
	for (size_t i = 0; n < 15 && renderers[i]; i++) {
		if (is_taken(parser, renderers[i]))
			names[n++] = renderers[i]->name;
	}
	list_words(known, sizeof(known), names);
	return wrong(parser, "--%s: '%s' is none of %s", row->name, quote(value).text, known);
}

static int set_text(struct parser *parser, const struct option_row *row, const char *value)
{
	if (!*value)
		return wrong(parser, "--%s needs a %s, not nothing", row->name, row->argument);
	*(const char **)field_of(parser, row) = value;
	return 0;
}

/* A process that is named twice is traced once. */
static int add_pid(struct parser *parser, pid_t pid)
{
	struct options *options = parser->options;
	pid_t *pids;

	for (size_t i = 0; i < options->n_pids; i++) {
		if (options->pids[i] == pid)
			return 0;
	}
	pids = reallocarray(options->pids, options->n_pids + 1, sizeof(*pids));
	if (!pids)
		return out_of_memory(parser);
	pids[options->n_pids++] = pid;
	options->pids = pids;
	return 0;
}

static int add_pids(struct parser *parser, const struct option_row *row, const char *value)
{
	for (const char *element = value;; element++) {
		size_t length = strcspn(element, ",");
		char word[24];
		uint64_t number;
		int err;

		if (length == 0)
			return wrong(parser, "--%s: empty element in the list '%s'", row->name, quote(value).text);
		snprintf(word, sizeof(word), "%.*s", (int)length, element);
		if (length >= sizeof(word) || number_parse(word, &number) || number < row->min || number > row->max)
			return wrong(parser, "--%s needs process IDs, not '%s'", row->name, quote(value).text);
		err = add_pid(parser, (pid_t)number);
		if (err)
			return err;
		element += length;
		if (!*element)
			return 0;
	}
}

/* The list's number stands right behind it. */
static int add_to_list(struct parser *parser, const struct option_row *row, char *value)
{
	char ***list = field_of(parser, row);
	size_t *n = (size_t *)(list + 1);
	char **longer;

	if (!*value)
		return wrong(parser, "--%s needs a %s, not nothing", row->name, row->argument);
	longer = reallocarray(*list, *n + 1, sizeof(**list));
	if (!longer)
		return out_of_memory(parser);
	longer[(*n)++] = value;
	*list = longer;
	return 0;
}

static int set_seconds(struct parser *parser, const struct option_row *row, const char *value)
{
	uint64_t ns;

	if (number_parse_seconds(value, &ns) || !ns)
		return wrong(parser, "--%s needs a number of seconds above 0, not '%s'", row->name, quote(value).text);
	*(uint64_t *)field_of(parser, row) = ns;
	return 0;
}

static int set_rate(struct parser *parser, const struct option_row *row, const char *value)
{
	double bytes_per_s;

	if (number_parse_rate(value, &bytes_per_s))
		return wrong(parser, "--%s needs a size by time such as 64K/s, 1M/min, 10M/h or 1G/d, not '%s'",
		             row->name, quote(value).text);
	*(double *)field_of(parser, row) = bytes_per_s;
	return 0;
}

/* The next element of a list, in `word`; "" where it is empty or longer than all that are known. */
static void take_word(const char **list, char *word, size_t size)
{
	size_t length = strcspn(*list, ",");

	snprintf(word, size, "%.*s", length < size ? (int)length : 0, *list);
	*list += length;
}

static int set_choices(struct parser *parser, const struct option_row *row, const char *value)
{
	bool *set = field_of(parser, row);
	char word[32], known[128];

	memset(set, 0, row->field_size);
	for (const char *element = value;; element++) {
		unsigned int i = 0;

		take_word(&element, word, sizeof(word));
		while (row->choices[i] && strcmp(row->choices[i], word) != 0)
			i++;
		if (!row->choices[i])
			break;
		set[i] = true;
		if (!*element)
			return 0;
	}
	list_words(known, sizeof(known), row->choices);
	return wrong(parser, "--%s: '%s' is no list of %s", row->name, quote(value).text, known);
}

/* "growth=10%" */
static int parse_growth(const char *word, double *percent)
{
	uint64_t number;
	char digits[8];
	size_t length = strlen(word);

	if (strncmp(word, "growth=", 7) != 0 || length < 9 || length - 8 >= sizeof(digits) || word[length - 1] != '%')
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)(length - 8), word + 7);
	if (number_parse(digits, &number))
		return -EINVAL;
	*percent = (double)number;
	return 0;
}

static int set_fail_on(struct parser *parser, const struct option_row *row, const char *value)
{
	struct baseline_rules rules = {0};
	char word[32];

	for (const char *element = value;; element++) {
		take_word(&element, word, sizeof(word));
		if (!strcmp(word, "new-stack"))
			rules.new_stack = true;
		else if (!parse_growth(word, &rules.growth_percent))
			rules.growth = true;
		else
			return wrong(parser, "--%s: '%s' is no list of new-stack and growth=N%%", row->name,
			             quote(value).text);
		if (!*element)
			break;
	}
	*(struct baseline_rules *)field_of(parser, row) = rules;
	return 0;
}

/* "100M", "30min" */
static int set_rotate(struct parser *parser, const struct option_row *row, const char *value)
{
	struct options *options = parser->options;

	options->rotate_bytes = options->rotate_ns = 0;
	if (!number_parse_duration(value, &options->rotate_ns) && options->rotate_ns)
		return 0;
	if (!number_parse_size(value, &options->rotate_bytes) && options->rotate_bytes)
		return 0;
	return wrong(parser, "--%s needs a size such as 100M, or a time such as 90s, 30min, 12h or 7d, not '%s'",
	             row->name, quote(value).text);
}

/* Carries out one option. Returns as options_parse() does. */
static int apply(struct parser *parser, const struct option_row *row, char *value)
{
	switch (row->kind) {
	case OPTION_FLAG:
		return set_flag(parser, row, value);
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_MILLISECONDS:
		return set_number(parser, row, value);
	case OPTION_CHOICE:
	case OPTION_WORD:
		return set_choice(parser, row, value);
	case OPTION_TEXT:
		return set_text(parser, row, value);
	case OPTION_FORMAT:
		return set_format(parser, row, value);
	case OPTION_PIDS:
		return add_pids(parser, row, value);
	case OPTION_LIST:
		return add_to_list(parser, row, value);
	case OPTION_SECONDS:
		return set_seconds(parser, row, value);
	case OPTION_SET:
		return set_choices(parser, row, value);
	case OPTION_RATE:
		return set_rate(parser, row, value);
	case OPTION_ROTATE:
		return set_rotate(parser, row, value);
	case OPTION_FAIL_ON:
		return set_fail_on(parser, row, value);
	case OPTION_LOUDER:
		if (parser->options->verbosity < INT32_MAX)
			parser->options->verbosity++;
		return 0;
	case OPTION_QUIETER:
		parser->options->verbosity = -1;
		return 0;
	case OPTION_ASK_HELP:
		return OPTIONS_HELP;
	case OPTION_ASK_VERSION:
		return OPTIONS_VERSION;
	case OPTION_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

static int apply_given(struct parser *parser, const struct option_row *row, char *value)
{
	int err;

	if (!option_row_accepted(row, parser->accept))
		return wrong(parser, "this command does not take --%s", row->name);
	err = apply(parser, row, value);
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
		return wrong(parser, "unknown option '--%s'; 'memtrace help' lists the options", quote(argument).text);
	if (value && !row->argument)
		return wrong(parser, "--%s takes no value", row->name);
	if (row->argument && !value)
		value = take_value(parser);
	if (row->argument && !value)
		return wrong(parser, "--%s needs a value: %s", row->name, row->argument);
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
			return wrong(parser, "unknown option '-%s'; 'memtrace help' lists the options",
			             quote(letter).text);
		if (row->argument) {
			value = letter[1] ? letter + 1 : take_value(parser);
			if (!value)
				return wrong(parser, "-%c needs a value: %s", row->letter, row->argument);
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
		return wrong(parser, "INTERVAL must be a number of seconds above 0, not '%s'%s", quote(argument).text,
		             parser->accept & ACCEPT_COMMAND ? "; a command to trace stands behind --" : "");
	parser->options->interval_ns = interval_ns;
	parser->options->interval_given = true;
	return 0;
}

static int add_file(struct parser *parser, const char *argument)
{
	struct options *options = parser->options;

	if (options->n_files == sizeof(options->files) / sizeof(options->files[0]))
		return wrong(parser, "unexpected argument '%s'", quote(argument).text);
	options->files[options->n_files++] = argument;
	return 0;
}

static int parse_positional(struct parser *parser, const char *argument)
{
	uint64_t count;

	if (parser->accept & ACCEPT_FILE)
		return add_file(parser, argument);
	if (!(parser->accept & ACCEPT_INTERVAL) || parser->n_positionals == 2)
		return wrong(parser, "unexpected argument '%s'", quote(argument).text);
	if (parser->n_positionals++ == 0)
		return parse_interval(parser, argument);
	if (number_parse(argument, &count) || count == 0)
		return wrong(parser, "COUNT must be a whole number above 0, not '%s'", quote(argument).text);
	parser->options->count = count;
	return 0;
}

static int parse_command(struct parser *parser)
{
	if (!(parser->accept & ACCEPT_COMMAND))
		return wrong(parser, "this command does not take '-- COMMAND'");
	if (parser->next == parser->argc)
		return wrong(parser, "no command follows '--'");
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
		return wrong(parser, "--fail-on is about a baseline: name it with --baseline FILE");
	if (options->update_baseline && !options->baseline)
		return wrong(parser, "--update-baseline needs --baseline FILE");
	if (options->fail_on_given && options->update_baseline)
		return wrong(parser, "--update-baseline compares nothing: --fail-on has no meaning with it");
	if (options->gen_suppressions && options->format_given)
		return wrong(parser, "--gen-suppressions prints no report: --format has no meaning with it");
	if (options->n_files)
		return 0;
	if (!options->duration_ns && options_judge_growth(options))
		return wrong(parser, "what grows is seen only with --duration");
	if (!options->duration_ns && options->rounds_given)
		return wrong(parser, "--rounds are parts of --duration, which is not given");
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
		return wrong(parser,
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
		return wrong(parser, "-p and '-- COMMAND' exclude each other: give one of them");
	if ((parser->accept & ACCEPT_COMMAND) && !options->n_pids && !options->command && !options->n_files)
		return wrong(parser, "nothing to trace: name a process with -p PID, or a command behind '--'");
	if (!!options->at + options->peak + options->last > 1)
		return wrong(parser, "--at, --peak and --last exclude each other: give one of them");
	if ((parser->accept & ACCEPT_RECORD) && !options->write)
		return wrong(parser, "nowhere to record to: name a file with -w FILE");
	if (options->min_size_bytes > options->max_size_bytes)
		return wrong(parser, "--min-size is above --max-size");
	if ((parser->accept & ACCEPT_CHECK) && check_judging(parser))
		return -EINVAL;
	return check_form(parser);
}

static int set_defaults(struct parser *parser)
{
	parser->options->interval_ns = DEFAULT_INTERVAL_NS;
	for (size_t i = 0; i < n_option_rows; i++) {
		int err = option_rows[i].initial ? apply(parser, &option_rows[i], (char *)option_rows[i].initial) : 0;
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

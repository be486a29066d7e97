// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/option_values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_SECOND 1000000000ULL

struct quote option_quote(const char *text)
{
	struct quote quoted;

	snprintf(quoted.text, sizeof(quoted.text), "%s", text);
	return quoted;
}

int option_wrong(struct parser *parser, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->error, parser->error_size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int option_out_of_memory(struct parser *parser)
{
	option_wrong(parser, "out of memory");
	return -ENOMEM;
}

static void *field_of(struct parser *parser, const struct option_row *row)
{
	return (char *)parser->options + row->field;
}

static int wrong_number(struct parser *parser, const struct option_row *row, const char *value, int err)
{
	if (err == -ERANGE)
		return option_wrong(parser, "--%s: '%s' is too large", row->name, option_quote(value).text);
	return option_wrong(parser, "--%s needs a %s, not '%s'", row->name,
	                    row->kind == OPTION_SIZE ? "size such as 4096, 64K or 1GiB" : "whole number",
	                    option_quote(value).text);
}

static int set_number(struct parser *parser, const struct option_row *row, const char *value)
{
	uint64_t number;
	int err = row->kind == OPTION_SIZE ? number_parse_size(value, &number) : number_parse(value, &number);

	if (err)
		return wrong_number(parser, row, value, err);
	if (number < row->min)
		return option_wrong(parser, "--%s must be at least %llu, not '%s'", row->name,
		                    (unsigned long long)row->min, option_quote(value).text);
	if (number > row->max)
		return option_wrong(parser, "--%s must be at most %llu, not '%s'", row->name,
		                    (unsigned long long)row->max, option_quote(value).text);
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
	return option_wrong(parser, "--%s: '%s' is none of %s", row->name, option_quote(value).text, known);
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
			return option_wrong(parser, "--%s %s: %s", row->name, renderer->name, missing);
		*(const struct renderer **)field_of(parser, row) = renderer;
		return 0;
	}
	for (size_t i = 0; n < 15 && renderers[i]; i++) {
		if (is_taken(parser, renderers[i]))
			names[n++] = renderers[i]->name;
	}
	list_words(known, sizeof(known), names);
	return option_wrong(parser, "--%s: '%s' is none of %s", row->name, option_quote(value).text, known);
}

static int set_text(struct parser *parser, const struct option_row *row, const char *value)
{
	if (!*value)
		return option_wrong(parser, "--%s needs a %s, not nothing", row->name, row->argument);
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
		return option_out_of_memory(parser);
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
			return option_wrong(parser, "--%s: empty element in the list '%s'", row->name,
			                    option_quote(value).text);
		snprintf(word, sizeof(word), "%.*s", (int)length, element);
		if (length >= sizeof(word) || number_parse(word, &number) || number < row->min || number > row->max)
			return option_wrong(parser, "--%s needs process IDs, not '%s'", row->name,
			                    option_quote(value).text);
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
		return option_wrong(parser, "--%s needs a %s, not nothing", row->name, row->argument);
	longer = reallocarray(*list, *n + 1, sizeof(**list));
	if (!longer)
		return option_out_of_memory(parser);
	longer[(*n)++] = value;
	*list = longer;
	return 0;
}

static int set_seconds(struct parser *parser, const struct option_row *row, const char *value)
{
	uint64_t ns;

	if (number_parse_seconds(value, &ns) || !ns)
		return option_wrong(parser, "--%s needs a number of seconds above 0, not '%s'", row->name,
		                    option_quote(value).text);
	*(uint64_t *)field_of(parser, row) = ns;
	return 0;
}

static int set_rate(struct parser *parser, const struct option_row *row, const char *value)
{
	double bytes_per_s;

	if (number_parse_rate(value, &bytes_per_s))
		return option_wrong(parser, "--%s needs a size by time such as 64K/s, 1M/min, 10M/h or 1G/d, not '%s'",
		                    row->name, option_quote(value).text);
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
	return option_wrong(parser, "--%s: '%s' is no list of %s", row->name, option_quote(value).text, known);
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
			return option_wrong(parser, "--%s: '%s' is no list of new-stack and growth=N%%", row->name,
			                    option_quote(value).text);
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
	return option_wrong(parser, "--%s needs a size such as 100M, or a time such as 90s, 30min, 12h or 7d, not '%s'",
	                    row->name, option_quote(value).text);
}

int option_apply(struct parser *parser, const struct option_row *row, char *value)
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

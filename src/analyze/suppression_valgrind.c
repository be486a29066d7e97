// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Valgrind's form (its manual, "Suppressing errors"):
 *
 *	{
 *	   a name
 *	   Memcheck:Leak
 *	   match-leak-kinds: definite,possible
 *	   fun:malloc
 *	   ...
 *	   obj:*libfoo.so
 *	}
 *
 * Blocks of other tools and of other errors are passed over.
 */
#include "analyze/suppression_forms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KINDS "match-leak-kinds:"

static const struct {
	const char *prefix;
	enum suppression_part part;
} parts[] = {
    {"fun:", PART_FUNCTION},
    {"obj:", PART_OBJECT},
    {"src:", PART_SOURCE},
};

static bool begins_with(const char *line, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && !memcmp(line, prefix, strlen(prefix));
}

static bool is(const char *line, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(line, word, length);
}

/* "Memcheck:Leak", "Memcheck,Addrcheck:Leak" */
static bool is_of_leaks(const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);

	if (!colon || !is(colon + 1, length - (size_t)(colon + 1 - line), "Leak"))
		return false;
	for (const char *at = line; at < colon;) {
		const char *comma = memchr(at, ',', (size_t)(colon - at));
		const char *end = comma ? comma : colon;

		if (is(at, (size_t)(end - at), "Memcheck"))
			return true;
		at = comma ? comma + 1 : colon;
	}
	return false;
}

static int set_kind(struct suppression *suppression, const char *word, size_t length)
{
	bool all = is(word, length, "all"), known = all || is(word, length, "none");

	for (int i = LEAK_UNJUDGED + 1; i < LEAK_CLASS_COUNT; i++) {
		if (!all && !is(word, length, leak_class_name((enum leak_class)i)))
			continue;
		suppression->leaks[i] = known = true;
	}
	/* What nobody has judged may be of any kind that is named. */
	suppression->leaks[LEAK_UNJUDGED] |= known && !is(word, length, "none");
	return known ? 0 : -EINVAL;
}

/* "definite,possible" */
static int set_kinds(struct suppression *suppression, const char *words, size_t length)
{
	const char *end = words + length;
	int error = 0;

	memset(suppression->leaks, 0, sizeof(suppression->leaks));
	for (const char *at = words; at < end && !error;) {
		const char *comma = memchr(at, ',', (size_t)(end - at)), *word_end = comma ? comma : end;

		while (at < word_end && (*at == ' ' || *at == '\t'))
			at++;
		error = set_kind(suppression, at, strnlen(at, (size_t)(word_end - at)));
		at = word_end + 1;
	}
	return error;
}

/* Names in files are mangled, those of frames are not. One with wildcards is taken as it is. */
static int add_function(struct suppression *suppression, const struct suppression_text *text, const char *pattern,
                        size_t length)
{
	char *name, *shown;
	int error;

	if (!text->demangle || length < 2 || memcmp(pattern, "_Z", 2) != 0 || memchr(pattern, '*', length) ||
	    memchr(pattern, '?', length))
		return suppression_add_frame(suppression, PART_FUNCTION, pattern, length);
	name = strndup(pattern, length);
	shown = name ? text->demangle(name) : NULL;
	error = shown ? suppression_add_frame(suppression, PART_FUNCTION, shown, strlen(shown)) : -ENOMEM;
	free(name);
	free(shown);
	return error;
}

static int add_frame(struct suppression *suppression, struct suppression_text *text, const char *line, size_t length)
{
	if (is(line, length, "..."))
		return suppression_add_frame(suppression, PART_FRAMES, NULL, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t prefix = strlen(parts[i].prefix);

		if (!begins_with(line, length, parts[i].prefix))
			continue;
		if (parts[i].part == PART_FUNCTION)
			return add_function(suppression, text, line + prefix, length - prefix);
		return suppression_add_frame(suppression, parts[i].part, line + prefix, length - prefix);
	}
	return suppression_wrong(text, "a frame begins with fun:, obj: or src:, or is ...");
}

static int skip_block(struct suppression_text *text)
{
	const char *line;
	size_t length;

	while (suppression_line(text, &line, &length)) {
		if (is(line, length, "}"))
			return 0;
	}
	return suppression_wrong(text, "a block has no } at its end");
}

/* What follows the kind of error, up to the brace. */
static int parse_frames(struct suppression *suppression, struct suppression_text *text)
{
	const char *line;
	size_t length;

	while (suppression_line(text, &line, &length)) {
		int error = 0;

		if (is(line, length, "}"))
			return suppression->n_frames ? 0 : suppression_wrong(text, "a block has no frames");
		if (!begins_with(line, length, KINDS))
			error = add_frame(suppression, text, line, length);
		else if (set_kinds(suppression, line + strlen(KINDS), length - strlen(KINDS)))
			error = suppression_wrong(text, "match-leak-kinds: takes definite, indirect, possible, "
			                                "reachable, all and none");
		if (error)
			return error;
	}
	return suppression_wrong(text, "a block has no } at its end");
}

static int parse_block(struct suppressions *suppressions, struct suppression_text *text)
{
	const char *name, *line;
	size_t name_length, length;
	unsigned int number = text->line;
	struct suppression *suppression;

	if (!suppression_line(text, &name, &name_length) || !suppression_line(text, &line, &length))
		return suppression_wrong(text, "a block has a name, a line with the tool and the kind of error, "
		                               "and frames");
	if (!is_of_leaks(line, length))
		return is(line, length, "}") ? suppression_wrong(text, "a block is empty") : skip_block(text);
	suppression = suppression_add(suppressions, text, number, name, name_length);
	if (!suppression)
		return -ENOMEM;
	suppression->question_mark = true;
	for (int i = 0; i < LEAK_CLASS_COUNT; i++)
		suppression->leaks[i] = true;
	return parse_frames(suppression, text);
}

int suppression_parse_valgrind(struct suppressions *suppressions, struct suppression_text *text)
{
	const char *line;
	size_t length;
	int error = 0;

	while (!error && suppression_line(text, &line, &length)) {
		if (is(line, length, "{"))
			error = parse_block(suppressions, text);
		else
			error = suppression_wrong(text, "a block begins with {");
	}
	return error;
}

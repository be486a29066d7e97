// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LeakSanitizer's form (compiler-rt, sanitizer_suppressions.cpp): "leak:PATTERN", a line each; "#" begins a comment.
 * The pattern may stand anywhere in the name, but for '^' at its start and '$' at its end, and '*' is anything.
 */
#include "analyze/suppression_forms.h"

#include <errno.h>
#include <string.h>

#define PREFIX "leak:"

/* Puts a '*' wherever the pattern does not say that the name begins or ends there. */
static int add_pattern(struct suppression *suppression, const char *pattern, size_t length)
{
	char stars[SUPPRESSION_PATTERN_MAX + 2];
	bool at_start = length && pattern[0] == '^';
	bool at_end = length > at_start && pattern[length - 1] == '$';
	size_t n = length - at_start - at_end, used = 0;

	if (length > SUPPRESSION_PATTERN_MAX)
		return -E2BIG;
	if (!at_start)
		stars[used++] = '*';
	memcpy(stars + used, pattern + at_start, n);
	used += n;
	if (!at_end)
		stars[used++] = '*';
	return suppression_add_frame(suppression, PART_ANY, stars, used);
}

static int parse_line(struct suppressions *suppressions, struct suppression_text *text, const char *line, size_t length)
{
	const size_t prefix = strlen(PREFIX);
	struct suppression *suppression;

	if (length <= prefix || memcmp(line, PREFIX, prefix) != 0)
		return suppression_wrong(text, "a suppression of a leak is leak:PATTERN, or a block in braces");
	suppression = suppression_add(suppressions, text, text->line, line, length);
	if (!suppression)
		return -ENOMEM;
	suppression->anywhere = true;
	for (int i = 0; i < LEAK_CLASS_COUNT; i++)
		suppression->leaks[i] = true;
	return add_pattern(suppression, line + prefix, length - prefix);
}

int suppression_parse_lsan(struct suppressions *suppressions, struct suppression_text *text)
{
	const char *line;
	size_t length;
	int error = 0;

	while (!error && suppression_line(text, &line, &length))
		error = parse_line(suppressions, text, line, length);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/text.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool text_line(const char **text, struct span *line)
{
	if (!**text)
		return false;
	line->start = *text;
	line->length = strcspn(*text, "\n");
	*text += line->length;
	if (**text)
		(*text)++;
	return true;
}

bool span_word(struct span *rest, struct span *word)
{
	struct span from = *rest;

	while (from.length && is_blank(*from.start)) {
		from.start++;
		from.length--;
	}
	if (!from.length)
		return false;
	*word = (struct span){from.start, 0};
	while (word->length < from.length && !is_blank(word->start[word->length]))
		word->length++;
	rest->start = from.start + word->length;
	rest->length = from.length - word->length;
	return true;
}

bool span_decimal(struct span span, uint64_t *value)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < span.length; i++) {
		char c = span.start[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(c - '0'), &sum))
			return false;
	}
	if (!span.length)
		return false;
	*value = sum;
	return true;
}

bool span_number(struct span *rest, uint64_t *value)
{
	struct span after = *rest, word;

	if (!span_word(&after, &word) || !span_decimal(word, value))
		return false;
	*rest = after;
	return true;
}

bool span_skip(struct span *rest, const char *prefix)
{
	size_t length = strlen(prefix);

	if (rest->length < length || memcmp(rest->start, prefix, length) != 0)
		return false;
	rest->start += length;
	rest->length -= length;
	return true;
}

bool span_until(struct span *rest, char end, struct span *before)
{
	const char *found = rest->length ? memchr(rest->start, end, rest->length) : NULL;

	if (!found)
		return false;
	*before = (struct span){rest->start, (size_t)(found - rest->start)};
	rest->length -= before->length + 1;
	rest->start = found + 1;
	return true;
}

struct span span_trim(struct span span)
{
	while (span.length && is_blank(*span.start)) {
		span.start++;
		span.length--;
	}
	while (span.length && is_blank(span.start[span.length - 1]))
		span.length--;
	return span;
}

bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.length && !memcmp(span.start, text, span.length);
}

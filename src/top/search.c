// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/search.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the name begins with the text. */
static bool begins(const char *name, const char *text)
{
	while (*text && lower(*name) == lower(*text)) {
		name++;
		text++;
	}
	return !*text;
}

static bool holds(const char *name, const char *text)
{
	for (; name && *name; name++) {
		if (begins(name, text))
			return true;
	}
	return false;
}

bool search_matches(const struct stack *stack, const char *text)
{
	if (!*text)
		return true;
	for (size_t i = 0; i < stack->n_frames; i++) {
		const struct frame *frame = &stack->frames[i];

		if (holds(frame->function, text) || holds(frame->file, text) || holds(frame->module, text))
			return true;
	}
	return false;
}

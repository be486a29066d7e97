// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/stable_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/escape.h"

/* "parse(char const*) (inlined) [app]". Names are escaped, so that they hold no line's end. */
static void write_frame(FILE *out, const struct frame *frame)
{
	if (frame->function)
		escape_write(out, frame->function);
	else
		fputc('?', out);
	fputs(frame->inlined ? " (inlined) [" : " [", out);
	escape_write(out, frame->module ? frame->module : "?");
	fputc(']', out);
}

char *stable_key(const struct stack *stack)
{
	char *key = NULL;
	size_t size;
	FILE *out = open_memstream(&key, &size);
	bool failed;

	if (!out)
		return NULL;
	for (size_t i = 0; i < stack->n_frames; i++) {
		if (i)
			fputc('\n', out);
		write_frame(out, &stack->frames[i]);
	}
	failed = ferror(out);
	if (!fclose(out) && !failed)
		return key;
	free(key);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/csv_cells.h"

#include <stdbool.h>
#include <string.h>

#include "report/frame.h"
#include "util/escape.h"

#define FRAME_SEPARATOR ";"

void csv_quoted_write(FILE *out, const struct buffer *text)
{
	const char *bytes = text->bytes;
	size_t size = text->size;
	const char *quote;

	fputc('"', out);
	while (size && (quote = memchr(bytes, '"', size))) {
		size_t length = (size_t)(quote - bytes) + 1;

		fwrite(bytes, 1, length, out);
		fputc('"', out);
		bytes += length;
		size -= length;
	}
	if (size)
		fwrite(bytes, 1, size, out);
	fputc('"', out);
}

/* Full-width forms of the four count in some spreadsheets, too. */
static bool begins_formula(const char *name)
{
	static const char *const beginnings[] = {"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	}
	return false;
}

void csv_name_add(struct buffer *text, const char *name)
{
	if (begins_formula(name))
		buffer_text(text, "'");
	escape_add(text, name, FRAME_SEPARATOR);
}

/* "fibonacci [app] app.c:12" */
static void add_frame(struct buffer *text, const struct frame *frame)
{
	if (frame->function && begins_formula(frame->function))
		buffer_text(text, "'");
	frame_name_add(text, frame, FRAME_SEPARATOR);
	/* Without a function the name has its module already. */
	if (frame->function && frame->function[0]) {
		buffer_text(text, " ");
		frame_module_add(text, frame, FRAME_SEPARATOR);
	}
	if (!frame->file)
		return;
	buffer_text(text, " ");
	escape_add(text, frame->file, FRAME_SEPARATOR);
	if (frame->line)
		buffer_printf(text, ":%u", frame->line);
}

void csv_frames_add(struct buffer *text, const struct process *process, const struct stack *stack)
{
	struct printed_frame printed;

	for (size_t i = 0; i < printed_frame_count(stack); i++) {
		printed_frame_get(&printed, process, stack, i);
		buffer_text(text, i ? FRAME_SEPARATOR : "");
		add_frame(text, &printed.frame);
	}
}

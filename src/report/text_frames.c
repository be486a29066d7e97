// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text_frames.h"

#include <inttypes.h>
#include <string.h>

#include "report/frame.h"
#include "util/escape.h"

/* " [app]"; names such as "[vdso]" bring their brackets along. */
static void write_module(FILE *out, const char *module)
{
	size_t length = strlen(module);
	bool bracketed = length > 2 && module[0] == '[' && module[length - 1] == ']';

	fputs(bracketed ? " " : " [", out);
	escape_write(out, module);
	fputs(bracketed ? "" : "]", out);
}

void text_frame_write(FILE *out, const struct frame *frame)
{
	if (frame->function)
		escape_write(out, frame->function);
	else
		fprintf(out, "0x%" PRIx64, frame->address);
	if (frame->inlined)
		fputs(" (inlined)", out);
	else if (frame->function && frame->has_offset)
		fprintf(out, "+0x%" PRIx64, frame->offset);
	write_module(out, frame->module);
	if (frame->file) {
		fputc(' ', out);
		escape_write(out, frame->file);
		if (frame->line)
			fprintf(out, ":%u", frame->line);
	}
}

static bool is_whole(const struct stack *stack)
{
	return printed_frame_count(stack) && stack->end == END_COMPLETE && !stack->guessed;
}

void text_frames_end_write(FILE *out, const struct stack *stack)
{
	if (is_whole(stack))
		return;
	if (!printed_frame_count(stack)) {
		fprintf(out, "[frames not known: %s]", stack_unknown_words(stack));
		return;
	}
	fputc('[', out);
	if (stack->end != END_COMPLETE)
		fprintf(out, "stack ends: %s", stack_end_name(stack->end));
	if (stack->guessed)
		fprintf(out, "%sguessed by frame pointers", stack->end != END_COMPLETE ? "; " : "");
	fputc(']', out);
}

void text_frames_write(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	struct printed_frame printed;
	size_t n = printed_frame_count(stack);

	for (size_t i = 0; i < n; i++) {
		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		fputs(TEXT_FRAME_INDENT, out);
		text_frame_write(out, &printed.frame);
		fputc('\n', out);
	}
	if (is_whole(stack))
		return;
	fputs(TEXT_FRAME_INDENT, out);
	text_frames_end_write(out, stack);
	fputc('\n', out);
}

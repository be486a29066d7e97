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

/* Why the frames end where they end, when that is not the end of the stack. */
static void write_end(FILE *out, const struct stack *stack)
{
	if (stack->end == END_COMPLETE && !stack->guessed)
		return;
	fputs(TEXT_FRAME_INDENT "[", out);
	if (stack->end != END_COMPLETE)
		fprintf(out, "stack ends: %s", stack_end_name(stack->end));
	if (stack->guessed)
		fprintf(out, "%sguessed by frame pointers", stack->end != END_COMPLETE ? "; " : "");
	fputs("]\n", out);
}

void text_frames_write(FILE *out, const struct snapshot *snapshot, const struct stack *stack)
{
	struct printed_frame printed;
	size_t n = printed_frame_count(stack);

	if (stack->n_addresses == 0 && n == 0) {
		fprintf(out, TEXT_FRAME_INDENT "[frames not known: %s]\n", stack_unknown_words(stack));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		fputs(TEXT_FRAME_INDENT, out);
		text_frame_write(out, &printed.frame);
		fputc('\n', out);
	}
	write_end(out, stack);
}

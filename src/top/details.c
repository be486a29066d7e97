// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/details.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/frame.h"
#include "report/text_frames.h"
#include "report/verdict_text.h"

#define INDENT "    "

/* Lines that stand before the frames. */
static size_t count_before(const struct watched *watched)
{
	return watched->stack.verdict.kind == VERDICT_NONE ? 1 : 2;
}

size_t details_count(const struct watched *watched)
{
	const struct stack *stack = &watched->stack;
	size_t n = printed_frame_count(stack);

	/* One line says why there are no frames, or why not all. */
	return count_before(watched) + n + (!n || stack->end != END_COMPLETE || stack->guessed);
}

static void write_usage(FILE *out, const struct stack *stack)
{
	const struct usage *usage = &stack->usage;

	fprintf(out, "allocated %" PRIu64 " bytes in %" PRIu64 ", freed %" PRIu64 " in %" PRIu64, usage->alloc_bytes,
	        usage->alloc_count, usage->free_bytes, usage->free_count);
	if (stack->oldest_ns)
		fprintf(out, ", oldest live block %.1f s", (double)stack->oldest_ns / 1e9);
}

static void write_line(FILE *out, const struct process *process, const struct watched *watched, size_t i)
{
	const struct stack *stack = &watched->stack;
	size_t before = count_before(watched), n = printed_frame_count(stack);
	struct printed_frame printed;

	fputs(INDENT, out);
	if (i == 0) {
		write_usage(out, stack);
	} else if (i < before) {
		verdict_words_write(out, &stack->verdict, stack->oldest_ns);
	} else if (i < before + n) {
		printed_frame_get(&printed, process, stack, i - before);
		text_frame_write(out, &printed.frame);
	} else {
		text_frames_end_write(out, stack);
	}
}

void details_draw(struct page *page, const struct watch *watch, const struct watched *watched, size_t i,
                  size_t first_column)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return;
	write_line(out, watched_process(watch, watched), watched, i);
	fclose(out);
	page_add_from(page, i < count_before(watched) ? STYLE_FAINT : STYLE_PLAIN, first_column, line ? line : "");
	free(line);
}

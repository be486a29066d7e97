// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In place of a report: suppressions of all that was found, in valgrind's form, which memtrace check reads. Names are
 * those that reports show; a character that is no part of a line becomes '?', which stands for any.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/finding.h"
#include "report/renderer.h"
#include "report/stream.h"

/* The innermost frames say what is meant; valgrind keeps as many of a stack. */
#define FRAMES_MAX 24
/* Of a pattern, as suppressions are read. */
#define PATTERN_MAX 4000

/* Any bytes as a pattern for them, in ASCII. */
static void write_pattern(FILE *out, const char *name)
{
	size_t length = strnlen(name, PATTERN_MAX);

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)name[i];

		/* A blank at either end would not be read. */
		if (byte < 0x20 || byte >= 0x7f || (byte == ' ' && (!i || i + 1 == length)))
			byte = '?';
		fputc(byte, out);
	}
	if (name[length])
		fputc('*', out);
}

static void write_frame(FILE *out, const struct frame *frame)
{
	if (frame->function) {
		fputs("   fun:", out);
		write_pattern(out, frame->function);
	} else {
		fputs("   obj:*", out);
		write_pattern(out, frame->module);
	}
	fputc('\n', out);
}

static bool has_class(const struct stack *stack)
{
	return stack->leak != LEAK_UNJUDGED;
}

/* One for each stack, though several rules may have found it. */
static bool is_told(const struct judgement *judgement, size_t i)
{
	return i && judgement->findings[i - 1].stack == judgement->findings[i].stack;
}

static void write_suppression(FILE *out, const struct snapshot *snapshot, const struct check_finding *finding)
{
	const struct stack *stack = &snapshot->stacks[finding->stack];
	size_t n = printed_frame_count(stack);
	struct printed_frame printed;

	if (!n)
		return;
	fprintf(out, "{\n   memtrace: %" PRIu64 " bytes in %" PRIu64 " blocks\n   Memcheck:Leak\n",
	        stack->usage.live_bytes, stack->usage.live_blocks);
	if (has_class(stack))
		fprintf(out, "   match-leak-kinds: %s\n", leak_class_name(stack->leak));
	for (size_t i = 0; i < n && i < FRAMES_MAX; i++) {
		printed_frame_get(&printed, &snapshot->processes[stack->process], stack, i);
		write_frame(out, &printed.frame);
	}
	fputs("}\n", out);
}

static int suppressions_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct judgement *judgement = snapshot->judgement;
	char words[FINDING_WORDS_SIZE];

	(void)options;
	fprintf(out, "# memtrace check: %s\n", finding_outcome_words(words, judgement));
	for (size_t i = 0; i < judgement->n_findings; i++) {
		if (judgement->findings[i].stack != FINDING_OF_ALL && !is_told(judgement, i))
			write_suppression(out, snapshot, &judgement->findings[i]);
	}
	return stream_finish(out);
}

const struct renderer suppressions_renderer = {
    .name = "suppressions",
    .of_verdicts = true,
    .report = suppressions_report,
};

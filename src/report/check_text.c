// SPDX-License-Identifier: GPL-2.0-or-later
/*
 *	[03:00:41] memtrace check: failed: 1 finding
 *	    40960 bytes in 5 blocks (definite), over --max-stack-bytes 4096
 *	        fibonacci+0x1f [app] app.c:12
 */
#include "report/check_text.h"

#include <inttypes.h>

#include "report/clock.h"
#include "report/finding.h"
#include "report/integrity.h"
#include "report/stream.h"
#include "report/text_frames.h"
#include "util/escape.h"

#define BOLD "\033[1m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void write_heading(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	char time[CLOCK_SIZE], words[FINDING_WORDS_SIZE];

	clock_time(time, snapshot->time_unix_ns, options->utc);
	fprintf(out, "%s[%s] memtrace check: %s%s\n", options->colour ? BOLD : "", time,
	        finding_outcome_words(words, snapshot->judgement), options->colour ? PLAIN : "");
}

/* What was found of the stack, a line each, from the finding `next` on; without findings what it is. */
static void write_stack(FILE *out, const struct snapshot *snapshot, size_t i, size_t *next)
{
	const struct judgement *judgement = snapshot->judgement;
	const struct stack *stack = &snapshot->stacks[i];
	char words[FINDING_WORDS_SIZE];
	struct check_finding none = {.rule = RULE_NO_LEAK, .stack = i};
	size_t first = *next;

	for (; *next < judgement->n_findings && judgement->findings[*next].stack == i; ++*next)
		fprintf(out, TEXT_STACK_INDENT "%s\n", finding_words(words, snapshot, &judgement->findings[*next]));
	if (*next == first)
		fprintf(out, TEXT_STACK_INDENT "%s, allowed\n", finding_words(words, snapshot, &none));
	if (snapshot->n_processes > 1) {
		fprintf(out, TEXT_FRAME_INDENT "[process %d ", snapshot->processes[stack->process].pid);
		escape_write(out, snapshot->processes[stack->process].comm);
		fputs("]\n", out);
	}
	text_frames_write(out, snapshot, stack);
}

static void write_sums(FILE *out, const struct judgement *judgement)
{
	char words[FINDING_WORDS_SIZE];
	const char *separator = "";

	for (size_t i = 0; i < judgement->n_findings; i++) {
		if (judgement->findings[i].stack != FINDING_OF_ALL)
			continue;
		fprintf(out, TEXT_STACK_INDENT "%" PRIu64 " bytes in %" PRIu64 " blocks in all, over %s\n",
		        judgement->bytes, judgement->blocks,
		        finding_rule_words(words, judgement, judgement->findings[i].rule));
	}
	fprintf(out, "Judged: %" PRIu64 " bytes in %" PRIu64 " blocks of %zu stacks (", judgement->bytes,
	        judgement->blocks, judgement->n_stacks);
	for (int i = 0; i < CHECK_KIND_COUNT; i++) {
		if (!judgement->kinds[i])
			continue;
		fprintf(out, "%s%s", separator, check_kind_name((enum check_kind)i));
		separator = ", ";
	}
	fprintf(out, "); suppressed: %" PRIu64 " bytes in %" PRIu64 " blocks\n", judgement->suppressed_bytes,
	        judgement->suppressed_blocks);
}

static void write_uses(FILE *out, const struct judgement *judgement)
{
	for (size_t i = 0; i < judgement->n_uses; i++) {
		const struct suppression_use *use = &judgement->uses[i];

		if (use->stacks)
			fprintf(out, "Suppression used: %" PRIu64 " bytes in %" PRIu64 " blocks: ", use->bytes,
			        use->blocks);
		else
			fputs("Suppression not used: ", out);
		escape_write(out, use->text);
		fputs(" (", out);
		escape_write(out, use->reason ? use->reason : use->origin);
		fputs(")\n", out);
	}
}

static void write_baseline(FILE *out, const struct judgement *judgement)
{
	size_t known = 0;

	if (!judgement->has_baseline)
		return;
	for (size_t i = 0; i < judgement->n_stacks; i++)
		known += judgement->stacks[i].known;
	fprintf(out, "Baseline: has %zu of %zu stacks; %" PRIu64 " of its own are not there any more\n", known,
	        judgement->n_stacks, judgement->gone_stacks);
}

static void write_integrity(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	bool lost = options->colour && !snapshot_complete(snapshot);

	fputs(lost ? RED : "", out);
	integrity_write(out, snapshot, options);
	fprintf(out, "%s\n", lost ? PLAIN : "");
}

int check_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	const struct judgement *judgement = snapshot->judgement;
	size_t next = 0;

	write_heading(out, snapshot, options);
	for (size_t i = 0; i < snapshot->n_stacks_shown; i++)
		write_stack(out, snapshot, i, &next);
	if (snapshot->n_stacks_shown < judgement->n_stacks)
		fprintf(out, TEXT_STACK_INDENT "[%zu more stacks, allowed; -T shows more]\n",
		        judgement->n_stacks - snapshot->n_stacks_shown);
	write_sums(out, judgement);
	write_uses(out, judgement);
	write_baseline(out, judgement);
	write_integrity(out, snapshot, options);
	return stream_finish(out);
}

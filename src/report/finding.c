// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/finding.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/quantity.h"

/* How the rules' figures are written. */
static const char *rate_words(char text[QUANTITY_SIZE + 16], double bytes_per_s)
{
	snprintf(text, QUANTITY_SIZE + 16, "%.1f bytes/s", bytes_per_s);
	return text;
}

const char *finding_rule_words(char words[FINDING_WORDS_SIZE], const struct judgement *judgement, enum check_rule rule)
{
	const char *name = check_rule_name(rule);
	double limit = judgement->rules[rule].limit;
	char rate[QUANTITY_SIZE + 16];

	switch (rule) {
	case RULE_NO_LEAK:
		snprintf(words, FINDING_WORDS_SIZE, "no leak is allowed");
		break;
	case RULE_GROWTH:
		snprintf(words, FINDING_WORDS_SIZE, "--%s %s", name, rate_words(rate, limit));
		break;
	case RULE_NEW_STACK:
		snprintf(words, FINDING_WORDS_SIZE, "--fail-on %s", name);
		break;
	case RULE_REGRESSION:
		snprintf(words, FINDING_WORDS_SIZE, "--fail-on %s=%g%%", name, limit);
		break;
	default:
		snprintf(words, FINDING_WORDS_SIZE, "--%s %.0f", name, limit);
	}
	return words;
}

/* "40960 bytes in 5 blocks (definite)" */
static int stack_words(char *words, size_t size, const struct snapshot *snapshot, size_t i)
{
	const struct usage *usage = &snapshot->stacks[i].usage;

	return snprintf(words, size, "%" PRIu64 " bytes in %" PRIu64 " %s (%s)", usage->live_bytes, usage->live_blocks,
	                usage->live_blocks == 1 ? "block" : "blocks",
	                check_kind_name(snapshot->judgement->stacks[i].kind));
}

static void detail_words(char *words, size_t size, const struct judgement *judgement,
                         const struct check_finding *finding)
{
	char rule[FINDING_WORDS_SIZE], rate[QUANTITY_SIZE + 16];

	switch (finding->rule) {
	case RULE_NO_LEAK:
		break;
	case RULE_GROWTH:
		snprintf(words, size, ", growing by %s, over %s", rate_words(rate, finding->value),
		         finding_rule_words(rule, judgement, finding->rule));
		break;
	case RULE_NEW_STACK:
		snprintf(words, size, ", not in the baseline");
		break;
	case RULE_REGRESSION:
		snprintf(words, size, ", %.0f%% more than the %" PRIu64 " bytes in the baseline, over %s",
		         finding->value, judgement->stacks[finding->stack].known_bytes,
		         finding_rule_words(rule, judgement, finding->rule));
		break;
	default:
		snprintf(words, size, ", over %s", finding_rule_words(rule, judgement, finding->rule));
	}
}

const char *finding_words(char words[FINDING_WORDS_SIZE], const struct snapshot *snapshot,
                          const struct check_finding *finding)
{
	const struct judgement *judgement = snapshot->judgement;
	int used;

	if (finding->stack != FINDING_OF_ALL)
		used = stack_words(words, FINDING_WORDS_SIZE, snapshot, finding->stack);
	else
		used = snprintf(words, FINDING_WORDS_SIZE, "%" PRIu64 " bytes in %" PRIu64 " blocks in all",
		                judgement->bytes, judgement->blocks);
	detail_words(words + used, FINDING_WORDS_SIZE - (size_t)used, judgement, finding);
	return words;
}

const char *finding_outcome_words(char words[FINDING_WORDS_SIZE], const struct judgement *judgement)
{
	size_t used;

	switch (judgement_outcome(judgement)) {
	case CHECK_FAILED:
		snprintf(words, FINDING_WORDS_SIZE, "failed: %zu finding%s", judgement->n_findings,
		         judgement->n_findings == 1 ? "" : "s");
		break;
	case CHECK_UNDECIDED:
		used = (size_t)snprintf(words, FINDING_WORDS_SIZE, "no verdict");
		for (int i = 0; i < DOUBT_COUNT && used < FINDING_WORDS_SIZE; i++) {
			if (judgement->doubts[i])
				used += (size_t)snprintf(words + used, FINDING_WORDS_SIZE - used, "%s%s",
				                         strchr(words, ':') ? "; " : ": ",
				                         check_doubt_words((enum check_doubt)i));
		}
		break;
	case CHECK_PASSED:
		snprintf(words, FINDING_WORDS_SIZE, "passed");
		break;
	}
	return words;
}

bool finding_place(const struct snapshot *snapshot, const struct stack *stack, struct printed_frame *place)
{
	const struct process *process = &snapshot->processes[stack->process];
	size_t n = printed_frame_count(stack), chosen = 0;
	int best = 0; /* 1: has a file, 2: below the directory of the compilation */

	for (size_t i = 0; i < n && best < 2; i++) {
		int worth;

		printed_frame_get(place, process, stack, i);
		worth = !place->frame.file ? 0 : place->frame.file[0] == '/' || place->frame.file[0] == '.' ? 1 : 2;
		if (worth > best) {
			best = worth;
			chosen = i;
		}
	}
	if (n)
		printed_frame_get(place, process, stack, chosen);
	return n != 0;
}

char *finding_frame(const struct frame *frame)
{
	char *text = NULL;
	char line[16] = "";
	int length;

	if (frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	if (frame->function)
		length = asprintf(&text, "%s%s [%s]%s%s%s", frame->function, frame->inlined ? " (inlined)" : "",
		                  frame->module, frame->file ? " " : "", frame->file ? frame->file : "",
		                  frame->file ? line : "");
	else
		length = asprintf(&text, "0x%" PRIx64 " [%s]", frame->address, frame->module);
	return length < 0 ? NULL : text;
}

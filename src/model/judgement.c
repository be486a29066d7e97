// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/judgement.h"

#include <stdlib.h>

const char *check_kind_name(enum check_kind kind)
{
	static const char *const names[CHECK_KIND_COUNT] = {
	    [CHECK_DEFINITE] = "definite", [CHECK_INDIRECT] = "indirect",       [CHECK_POSSIBLE] = "possible",
	    [CHECK_GROWING] = "growing",   [CHECK_OUTSTANDING] = "outstanding",
	};

	return names[kind];
}

static const struct {
	const char *name, *words;
} rules[RULE_COUNT] = {
    [RULE_NO_LEAK] = {"no-leak", "no block of the kinds that are judged"},
    [RULE_LEAK_BYTES] = {"max-leak-bytes", "all stacks together have no more bytes than the limit"},
    [RULE_LEAK_COUNT] = {"max-leak-count", "all stacks together have no more blocks than the limit"},
    [RULE_STACK_BYTES] = {"max-stack-bytes", "no stack has more bytes than the limit"},
    [RULE_GROWTH] = {"max-growth", "no stack grows faster than the limit in every round"},
    [RULE_NEW_STACK] = {"new-stack", "every stack is in the baseline"},
    [RULE_REGRESSION] = {"growth", "no stack has more bytes than in the baseline, and so many per cent"},
};

const char *check_rule_name(enum check_rule rule)
{
	return rules[rule].name;
}

const char *check_rule_words(enum check_rule rule)
{
	return rules[rule].words;
}

static const struct {
	const char *name, *words;
} doubts[DOUBT_COUNT] = {
    [DOUBT_LOSS] = {"loss", "something was lost"},
    [DOUBT_CHILDREN] = {"untraced-children", "children were not traced"},
    [DOUBT_UNREAD] = {"unread", "a process ended before its memory was read"},
    [DOUBT_ENDED] = {"ended-early", "the target ended before the time was over"},
    [DOUBT_INTERRUPTED] = {"interrupted", "memtrace was asked to end before the time was over"},
};

const char *check_doubt_name(enum check_doubt doubt)
{
	return doubts[doubt].name;
}

const char *check_doubt_words(enum check_doubt doubt)
{
	return doubts[doubt].words;
}

const char *check_outcome_name(enum check_outcome outcome)
{
	static const char *const names[] = {
	    [CHECK_PASSED] = "passed", [CHECK_FAILED] = "failed", [CHECK_UNDECIDED] = "undecided"};

	return names[outcome];
}

enum check_outcome judgement_outcome(const struct judgement *judgement)
{
	if (judgement->n_findings)
		return CHECK_FAILED;
	for (int i = 0; i < DOUBT_COUNT; i++) {
		if (judgement->doubts[i])
			return CHECK_UNDECIDED;
	}
	return CHECK_PASSED;
}

void judgement_free(struct judgement *judgement)
{
	if (!judgement)
		return;
	for (size_t i = 0; i < judgement->n_uses; i++) {
		free(judgement->uses[i].text);
		free(judgement->uses[i].origin);
	}
	free(judgement->uses);
	free(judgement->findings);
	free(judgement->stacks);
	free(judgement);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/limits.h"

#include "analyze/judge.h"

/* What the rule holds against its limit: of a stack, or of all. */
static double value_of(const struct snapshot *snapshot, enum check_rule rule, size_t stack)
{
	const struct judgement *judgement = snapshot->judgement;

	switch (rule) {
	case RULE_LEAK_BYTES:
		return (double)judgement->bytes;
	case RULE_LEAK_COUNT:
		return (double)judgement->blocks;
	case RULE_GROWTH:
		return judgement->stacks[stack].growth_bytes_per_s;
	default:
		return (double)snapshot->stacks[stack].usage.live_bytes;
	}
}

static bool is_of_all(enum check_rule rule)
{
	return rule == RULE_LEAK_BYTES || rule == RULE_LEAK_COUNT;
}

/* A finding for whatever is over the limit. */
static int apply(struct snapshot *snapshot, enum check_rule rule, double limit)
{
	struct judgement *judgement = snapshot->judgement;
	size_t n = is_of_all(rule) ? 1 : judgement->n_stacks;
	int error = 0;

	judgement->rules[rule].applied = true;
	judgement->rules[rule].limit = limit;
	for (size_t i = 0; i < n && !error; i++) {
		double value = value_of(snapshot, rule, i);

		/* A block of no bytes is a block. */
		if (value > limit || rule == RULE_NO_LEAK)
			error = judge_find(judgement, rule, is_of_all(rule) ? FINDING_OF_ALL : i, value);
	}
	return error;
}

int limits_apply(const struct limits *limits, bool any, struct snapshot *snapshot)
{
	int error = any ? apply(snapshot, RULE_NO_LEAK, 0) : 0;

	for (int rule = 0; rule < RULE_COUNT && !error; rule++) {
		if (limits->rules[rule].given)
			error = apply(snapshot, (enum check_rule)rule, limits->rules[rule].limit);
	}
	return error;
}

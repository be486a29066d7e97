// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"
#include "util/grow.h"

/* A stack, and what goes with it when it is moved. */
struct row {
	struct stack stack;
	struct judged_stack judged;
	size_t before; /* its index before it was moved */
	bool chosen;
};

/* Whether the stack is of that kind. */
static bool is_kind(const struct stack *stack, enum check_kind kind, double rate)
{
	static const enum leak_class classes[CHECK_KIND_COUNT] = {
	    [CHECK_DEFINITE] = LEAK_DEFINITE,
	    [CHECK_INDIRECT] = LEAK_INDIRECT,
	    [CHECK_POSSIBLE] = LEAK_POSSIBLE,
	};

	if (kind == CHECK_OUTSTANDING)
		return true;
	return kind == CHECK_GROWING ? rate > 0 : stack->leak == classes[kind];
}

static void choose(struct row *row, const bool kinds[CHECK_KIND_COUNT], double rate)
{
	row->judged = (struct judged_stack){.growth_bytes_per_s = rate};
	for (int kind = 0; kind < CHECK_KIND_COUNT && row->stack.usage.live_blocks && !row->chosen; kind++) {
		if (!kinds[kind] || !is_kind(&row->stack, (enum check_kind)kind, rate))
			continue;
		row->chosen = true;
		row->judged.kind = (enum check_kind)kind;
	}
}

/* What is chosen comes first, the most bytes first; then by what does not change from run to run. */
static int compare_rows(const void *left, const void *right, void *context)
{
	const struct row *a = left, *b = right;
	const struct usage *usage_a = &a->stack.usage, *usage_b = &b->stack.usage;
	int order = (int)b->chosen - (int)a->chosen;

	if (!order)
		order = (usage_b->live_bytes > usage_a->live_bytes) - (usage_b->live_bytes < usage_a->live_bytes);
	if (!order)
		order = (usage_b->live_blocks > usage_a->live_blocks) - (usage_b->live_blocks < usage_a->live_blocks);
	return order ? order : identity_compare(context, &a->stack, context, &b->stack);
}

/* Puts the rows back, in their order; the first n_judged are judged. */
static void put_back(struct snapshot *snapshot, const struct row *rows, size_t n_judged)
{
	struct judgement *judgement = snapshot->judgement;

	judgement->n_stacks = snapshot->n_stacks_shown = n_judged;
	judgement->bytes = judgement->blocks = 0;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		snapshot->stacks[i] = rows[i].stack;
		if (i >= n_judged)
			continue;
		judgement->stacks[i] = rows[i].judged;
		judgement->bytes += rows[i].stack.usage.live_bytes;
		judgement->blocks += rows[i].stack.usage.live_blocks;
	}
}

static struct judgement *judgement_new(size_t n_stacks)
{
	struct judgement *judgement = calloc(1, sizeof(*judgement));

	if (!judgement)
		return NULL;
	judgement->stacks = calloc(n_stacks + 1, sizeof(*judgement->stacks));
	if (judgement->stacks)
		return judgement;
	free(judgement);
	return NULL;
}

int judge_choose(struct snapshot *snapshot, const bool kinds[CHECK_KIND_COUNT], const double *rates)
{
	struct row *rows = calloc(snapshot->n_stacks + 1, sizeof(*rows));
	size_t n = 0;

	snapshot->judgement = rows ? judgement_new(snapshot->n_stacks) : NULL;
	if (!snapshot->judgement) {
		free(rows);
		return -ENOMEM;
	}
	memcpy(snapshot->judgement->kinds, kinds, sizeof(snapshot->judgement->kinds));
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		rows[i].stack = snapshot->stacks[i];
		choose(&rows[i], kinds, rates ? rates[i] : 0);
		n += rows[i].chosen;
	}
	qsort_r(rows, snapshot->n_stacks, sizeof(*rows), compare_rows, snapshot);
	put_back(snapshot, rows, n);
	free(rows);
	return 0;
}

/* The judged stacks as rows, then all others. NULL: out of memory. */
static struct row *take_rows(const struct snapshot *snapshot)
{
	struct row *rows = calloc(snapshot->n_stacks + 1, sizeof(*rows));

	for (size_t i = 0; rows && i < snapshot->n_stacks; i++) {
		rows[i].stack = snapshot->stacks[i];
		rows[i].before = i;
		if (i < snapshot->judgement->n_stacks)
			rows[i].judged = snapshot->judgement->stacks[i];
	}
	return rows;
}

/* Moves the first n rows that are chosen before the others of them; returns how many there are, -1: no memory. */
static ssize_t partition(struct row *rows, size_t n)
{
	struct row *sorted = calloc(n + 1, sizeof(*sorted));
	size_t n_chosen = 0, at = 0;

	if (!sorted)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].chosen)
			sorted[at++] = rows[i];
	}
	n_chosen = at;
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].chosen)
			sorted[at++] = rows[i];
	}
	memcpy(rows, sorted, n * sizeof(*rows));
	free(sorted);
	return (ssize_t)n_chosen;
}

int judge_keep(struct snapshot *snapshot, const bool *keep)
{
	size_t n = snapshot->judgement->n_stacks;
	struct row *rows = take_rows(snapshot);
	ssize_t n_kept;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rows[i].chosen = keep[i];
	n_kept = partition(rows, n);
	if (n_kept >= 0)
		put_back(snapshot, rows, (size_t)n_kept);
	free(rows);
	return n_kept < 0 ? -ENOMEM : 0;
}

int judge_find(struct judgement *judgement, enum check_rule rule, size_t stack, double value)
{
	void *findings = judgement->findings;
	int error = grow_list(&findings, judgement->n_findings, sizeof(*judgement->findings));

	if (error)
		return error;
	judgement->findings = findings;
	judgement->findings[judgement->n_findings++] =
	    (struct check_finding){.rule = rule, .stack = stack, .value = value};
	return 0;
}

static int compare_findings(const void *left, const void *right)
{
	const struct check_finding *a = left, *b = right;

	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return (int)a->rule - (int)b->rule;
}

/* The findings follow their stacks. */
static int renumber(struct judgement *judgement, const struct row *rows)
{
	size_t *now = calloc(judgement->n_stacks + 1, sizeof(*now));

	if (!now)
		return -ENOMEM;
	for (size_t i = 0; i < judgement->n_stacks; i++)
		now[rows[i].before] = i;
	for (size_t i = 0; i < judgement->n_findings; i++) {
		if (judgement->findings[i].stack != FINDING_OF_ALL)
			judgement->findings[i].stack = now[judgement->findings[i].stack];
	}
	qsort(judgement->findings, judgement->n_findings, sizeof(*judgement->findings), compare_findings);
	free(now);
	return 0;
}

int judge_show(struct snapshot *snapshot, size_t top)
{
	struct judgement *judgement = snapshot->judgement;
	size_t n = judgement->n_stacks;
	struct row *rows = take_rows(snapshot);
	ssize_t n_found;
	int error;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < judgement->n_findings; i++) {
		if (judgement->findings[i].stack != FINDING_OF_ALL)
			rows[judgement->findings[i].stack].chosen = true;
	}
	n_found = partition(rows, n);
	error = n_found < 0 ? -ENOMEM : renumber(judgement, rows);
	if (!error) {
		put_back(snapshot, rows, n);
		if (top && n > top)
			snapshot->n_stacks_shown = (size_t)n_found > top ? (size_t)n_found : top;
	}
	free(rows);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/aggregate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"

static int compare_identity(const void *a, const void *b, void *context)
{
	const struct snapshot *snapshot = context;

	return identity_compare(snapshot, a, snapshot, b);
}

static int compare_age(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	return (a->age_ns < b->age_ns) - (a->age_ns > b->age_ns);
}

/* Moves the blocks of `from` to `to`, oldest first. */
static int merge_blocks(struct stack *to, struct stack *from)
{
	struct block *blocks;

	if (!from->n_blocks)
		return 0;
	blocks = reallocarray(to->blocks, to->n_blocks + from->n_blocks, sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	memcpy(blocks + to->n_blocks, from->blocks, from->n_blocks * sizeof(*blocks));
	to->blocks = blocks;
	to->n_blocks += from->n_blocks;
	qsort(to->blocks, to->n_blocks, sizeof(*blocks), compare_age);
	return 0;
}

static void merge_placements(struct placement *to, struct placement *from)
{
	if (to->nodes) {
		placement_add(to, from);
		return;
	}
	*to = *from;
	*from = (struct placement){.nodes = NULL};
}

/* Adds `from` to `to`, which is the same stack, and empties it. */
static int merge(struct stack *to, struct stack *from)
{
	int err = merge_blocks(to, from);

	if (!err && to->churn && from->churn)
		err = churn_add(to->churn, from->churn, true);
	if (err)
		return err;
	if (!to->churn) {
		to->churn = from->churn;
		from->churn = NULL;
	}
	merge_placements(&to->placement, &from->placement);
	usage_add(&to->usage, &from->usage);
	to->slack_bytes += from->slack_bytes;
	to->misplaced_blocks += from->misplaced_blocks;
	if (from->oldest_ns > to->oldest_ns)
		to->oldest_ns = from->oldest_ns;
	/* The worse end is the one to tell. */
	if (from->end > to->end)
		to->end = from->end;
	to->guessed |= from->guessed;
	stack_clear(from);
	memset(from, 0, sizeof(*from));
	return 0;
}

int aggregate_merge(struct snapshot *snapshot)
{
	size_t n = 0;
	int err = 0;

	if (!snapshot->n_stacks)
		return 0;
	qsort_r(snapshot->stacks, snapshot->n_stacks, sizeof(struct stack), compare_identity, snapshot);
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];
		bool same = n && !identity_compare(snapshot, &snapshot->stacks[n - 1], snapshot, stack);

		/* After a failure the rest is only moved up, so that every stack stands in the list once. */
		if (same && !err)
			err = merge(&snapshot->stacks[n - 1], stack);
		if (!same || err)
			snapshot->stacks[n++] = *stack;
	}
	snapshot->n_stacks = n;
	return err;
}

static void sum_placement(struct placement *to, const struct stack *stack)
{
	if (stack->placement.nodes)
		placement_add(to, &stack->placement);
	else
		placement_add_only(to, stack->usage.live_bytes, stack->usage.live_blocks);
}

void aggregate_sum(struct snapshot *snapshot)
{
	memset(&snapshot->totals, 0, sizeof(snapshot->totals));
	memset(snapshot->kinds, 0, sizeof(snapshot->kinds));
	snapshot->incomplete_stacks = 0;
	memset(snapshot->ends, 0, sizeof(snapshot->ends));
	placement_clear(&snapshot->placement);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		memset(&snapshot->processes[i].usage, 0, sizeof(struct usage));
		placement_clear(&snapshot->processes[i].placement);
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		struct process *process = &snapshot->processes[stack->process];

		usage_add(&process->usage, &stack->usage);
		sum_placement(&process->placement, stack);
		usage_add(&snapshot->totals, &stack->usage);
		usage_add(&snapshot->kinds[stack->kind], &stack->usage);
		snapshot->incomplete_stacks += stack->n_addresses && stack->end != END_COMPLETE;
		snapshot->ends[stack->end] += stack->n_addresses != 0;
		sum_placement(&snapshot->placement, stack);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/churn.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/earlier.h"

/* A row may have been given up and begun anew. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

int churn_find_recent(struct snapshot *snapshot, const struct snapshot *before)
{
	struct earlier earlier;
	int error = earlier_init(&earlier, before);

	snapshot->recent_ns = snapshot->elapsed_ns - (before ? before->elapsed_ns : 0);
	for (size_t i = 0; i < snapshot->n_stacks && !error; i++) {
		struct stack *stack = &snapshot->stacks[i];
		const struct stack *was = earlier_find(&earlier, snapshot, stack);

		stack->recent_count = since(stack->usage.alloc_count, was ? was->usage.alloc_count : 0);
		stack->recent_bytes = since(stack->usage.alloc_bytes, was ? was->usage.alloc_bytes : 0);
	}
	earlier_free(&earlier);
	return error;
}

/* Sums beside a peak of its own. */
static void add_counts(struct churn_totals *to, const struct stack *stack)
{
	uint64_t peak_live_bytes = to->churn.peak_live_bytes;
	bool is_bound = to->churn.peak_is_bound;

	to->recent_count += stack->recent_count;
	to->recent_bytes += stack->recent_bytes;
	if (!stack->churn)
		return;
	churn_add(&to->churn, stack->churn, false);
	to->churn.peak_live_bytes = peak_live_bytes;
	to->churn.peak_is_bound = is_bound;
}

int churn_sum(struct snapshot *snapshot)
{
	snapshot->churn = churn_totals_new(snapshot->placement.n_nodes);
	if (!snapshot->churn)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		struct process *process = &snapshot->processes[i];

		if (!process->churn)
			process->churn = churn_totals_new(snapshot->placement.n_nodes);
		if (!process->churn)
			return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		add_counts(snapshot->processes[snapshot->stacks[i].process].churn, &snapshot->stacks[i]);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct churn_totals *totals = snapshot->processes[i].churn;

		snapshot->churn->counted |= totals->counted;
		churn_add(&snapshot->churn->churn, &totals->churn, false);
		churn_totals_add_nodes(snapshot->churn, totals);
		snapshot->churn->recent_count += totals->recent_count;
		snapshot->churn->recent_bytes += totals->recent_bytes;
	}
	return 0;
}

void churn_drop(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		if (stack->churn)
			churn_clear(stack->churn);
		free(stack->churn);
		free(stack->frames);
		stack->churn = NULL;
		stack->frames = NULL;
		stack->n_frames = 0;
	}
}

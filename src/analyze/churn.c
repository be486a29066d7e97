// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/churn.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/earlier.h"
#include "model/identity.h"

/* A row may have been given up and begun anew. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

/* Sums of a process and kind: now, before, and what its stacks with frames have allocated in between. */
struct kind_sums {
	struct usage now, before;
	uint64_t recent_count, recent_bytes;
};

/* `now`: of each process of `before`, its index + 1 in the snapshot; 0: it is not there. */
static void add_before(struct kind_sums *sums, const struct snapshot *before, const size_t *now)
{
	for (size_t i = 0; i < before->n_stacks; i++) {
		const struct stack *stack = &before->stacks[i];

		if (now[stack->process])
			usage_add(&sums[(now[stack->process] - 1) * KIND_COUNT + stack->kind].before, &stack->usage);
	}
}

/*
 * What rows had that were given back meanwhile is in that without frames, as if it had just been allocated. What all
 * stacks of a process and kind have allocated is right in any case: the rest is that row's.
 */
static void set_rest(struct stack *without, const struct kind_sums *sums)
{
	uint64_t count = since(sums->now.alloc_count, sums->before.alloc_count);
	uint64_t bytes = since(sums->now.alloc_bytes, sums->before.alloc_bytes);

	without->recent_count = count > sums->recent_count ? count - sums->recent_count : 0;
	without->recent_bytes = bytes > sums->recent_bytes ? bytes - sums->recent_bytes : 0;
}

static void find_rests(struct snapshot *snapshot, struct kind_sums *sums)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		struct kind_sums *own = &sums[stack->process * KIND_COUNT + stack->kind];

		usage_add(&own->now, &stack->usage);
		own->recent_count += stack->n_addresses ? stack->recent_count : 0;
		own->recent_bytes += stack->n_addresses ? stack->recent_bytes : 0;
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		if (!stack->n_addresses)
			set_rest(stack, &sums[stack->process * KIND_COUNT + stack->kind]);
	}
}

static const struct churn_node *node_before(const struct churn_totals *before, int node)
{
	for (size_t i = 0; before && i < before->n_nodes; i++) {
		if (before->nodes[i].node == node)
			return &before->nodes[i];
	}
	return NULL;
}

/* `before`: the process's as it was; NULL: it was not there. */
static void find_nodes(struct churn_totals *totals, const struct churn_totals *before)
{
	for (size_t i = 0; totals && i < totals->n_nodes; i++) {
		struct churn_node *node = &totals->nodes[i];
		const struct churn_node *was = node_before(before, node->node);

		node->recent_count = since(node->alloc_count, was ? was->alloc_count : 0);
		node->recent_bytes = since(node->alloc_bytes, was ? was->alloc_bytes : 0);
	}
}

/* What is known of processes: their nodes, and sums by kind. 0 or -ENOMEM. */
static int find_of_processes(struct snapshot *snapshot, const struct snapshot *before)
{
	struct kind_sums *sums = calloc(snapshot->n_processes * KIND_COUNT + 1, sizeof(*sums));
	size_t *now = calloc(before ? before->n_processes + 1 : 1, sizeof(*now));

	if (!sums || !now) {
		free(sums);
		free(now);
		return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];
		size_t was = before ? identity_find_process(before, process, i) : SIZE_MAX;

		if (was != SIZE_MAX)
			now[was] = i + 1;
		find_nodes(process->churn, was != SIZE_MAX ? before->processes[was].churn : NULL);
	}
	if (before)
		add_before(sums, before, now);
	find_rests(snapshot, sums);
	free(sums);
	free(now);
	return 0;
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
	return error ? error : find_of_processes(snapshot, before);
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
	snapshot->churn = churn_totals_new();
	if (!snapshot->churn)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		struct process *process = &snapshot->processes[i];

		if (!process->churn)
			process->churn = churn_totals_new();
		if (!process->churn)
			return -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		add_counts(snapshot->processes[snapshot->stacks[i].process].churn, &snapshot->stacks[i]);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct churn_totals *totals = snapshot->processes[i].churn;

		snapshot->churn->counted |= totals->counted;
		churn_add(&snapshot->churn->churn, &totals->churn, false);
		if (churn_totals_add_nodes(snapshot->churn, totals))
			return -ENOMEM;
		snapshot->churn->recent_count += totals->recent_count;
		snapshot->churn->recent_bytes += totals->recent_bytes;
	}
	return 0;
}

void churn_drop(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		churn_free(stack->churn);
		free(stack->frames);
		stack->churn = NULL;
		stack->frames = NULL;
		stack->n_frames = 0;
	}
}

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

/* Index of the process as it was; SIZE_MAX: it was not there. `guess`: where it may be. */
static size_t process_before(const struct snapshot *before, const struct process *process, size_t guess)
{
	for (size_t i = 0; i < before->n_processes; i++) {
		size_t at = (guess + i) % before->n_processes;
		const struct process *was = &before->processes[at];

		if (was->pid == process->pid && was->number == process->number)
			return at;
	}
	return SIZE_MAX;
}

/* Sums of a process and kind: now, before, and what its stacks with frames have allocated in between. */
struct kind_sums {
	struct usage now, before;
	uint64_t recent_count, recent_bytes;
};

static int add_before(struct kind_sums *sums, const struct snapshot *snapshot, const struct snapshot *before)
{
	size_t *now = calloc(before->n_processes + 1, sizeof(*now)); /* index of the process + 1 */

	if (!now)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		size_t was = process_before(before, &snapshot->processes[i], i);

		if (was != SIZE_MAX)
			now[was] = i + 1;
	}
	for (size_t i = 0; i < before->n_stacks; i++) {
		const struct stack *stack = &before->stacks[i];

		if (now[stack->process])
			usage_add(&sums[(now[stack->process] - 1) * KIND_COUNT + stack->kind].before, &stack->usage);
	}
	free(now);
	return 0;
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

static void find_nodes(struct snapshot *snapshot, const struct snapshot *before)
{
	static const struct churn_totals none;

	for (size_t i = 0; i < snapshot->n_processes; i++) {
		struct churn_totals *now = snapshot->processes[i].churn;
		size_t at = before ? process_before(before, &snapshot->processes[i], i) : SIZE_MAX;
		const struct churn_totals *was = at != SIZE_MAX ? before->processes[at].churn : &none;

		for (size_t j = 0; now && j < now->n_nodes; j++) {
			struct churn_node *node = &now->nodes[j];

			node->recent_count = node->alloc_count;
			node->recent_bytes = node->alloc_bytes;
			for (size_t k = 0; was && k < was->n_nodes; k++) {
				if (was->nodes[k].node != node->node)
					continue;
				node->recent_count = since(node->alloc_count, was->nodes[k].alloc_count);
				node->recent_bytes = since(node->alloc_bytes, was->nodes[k].alloc_bytes);
			}
		}
	}
}

int churn_find_recent(struct snapshot *snapshot, const struct snapshot *before)
{
	struct kind_sums *sums = calloc(snapshot->n_processes * KIND_COUNT + 1, sizeof(*sums));
	struct earlier earlier;
	int error = earlier_init(&earlier, before);

	if (!sums)
		error = -ENOMEM;
	snapshot->recent_ns = snapshot->elapsed_ns - (before ? before->elapsed_ns : 0);
	for (size_t i = 0; i < snapshot->n_stacks && !error; i++) {
		struct stack *stack = &snapshot->stacks[i];
		const struct stack *was = earlier_find(&earlier, snapshot, stack);

		stack->recent_count = since(stack->usage.alloc_count, was ? was->usage.alloc_count : 0);
		stack->recent_bytes = since(stack->usage.alloc_bytes, was ? was->usage.alloc_bytes : 0);
	}
	if (!error && before)
		error = add_before(sums, snapshot, before);
	if (!error) {
		find_rests(snapshot, sums);
		find_nodes(snapshot, before);
	}
	earlier_free(&earlier);
	free(sums);
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

		if (stack->churn)
			churn_clear(stack->churn);
		free(stack->churn);
		free(stack->frames);
		stack->churn = NULL;
		stack->frames = NULL;
		stack->n_frames = 0;
	}
}

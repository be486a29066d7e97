// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/growth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"
#include "analyze/series.h"

/* Addresses of a stack, for what it takes. */
#define MEAN_ADDRESSES 32

/* A stack that is followed. */
struct followed {
	struct stack key; /* what tells it apart: all that identity_compare() looks at, and no more */
	struct series series;
};

struct growth {
	size_t max_stacks;
	struct snapshot keys;       /* the processes that keys are of */
	struct followed **followed; /* in the order of their identities */
	size_t n_followed;
};

struct growth *growth_new(uint64_t max_bytes)
{
	struct growth *growth = calloc(1, sizeof(*growth));

	if (growth)
		growth->max_stacks = max_bytes / (sizeof(struct followed) + MEAN_ADDRESSES * sizeof(uint64_t));
	return growth;
}

static void forget(struct followed *followed)
{
	free(followed->key.addresses);
	free(followed);
}

void growth_free(struct growth *growth)
{
	if (!growth)
		return;
	for (size_t i = 0; i < growth->n_followed; i++)
		forget(growth->followed[i]);
	free(growth->followed);
	free(growth->keys.processes);
	free(growth);
}

static struct series_report report_of(const struct snapshot *snapshot, const struct stack *stack)
{
	return (struct series_report){
	    .time_s = (double)snapshot->elapsed_ns / 1e9,
	    .live_bytes = stack->usage.live_bytes,
	    .alloc_bytes = stack->usage.alloc_bytes,
	    .alloc_count = stack->usage.alloc_count,
	    .free_count = stack->usage.free_count,
	};
}

/* NULL: out of memory; then there is no verdict, and all else goes on. */
static struct followed *follow(const struct snapshot *snapshot, const struct stack *stack)
{
	struct followed *followed = calloc(1, sizeof(*followed));
	size_t size = stack->n_addresses * sizeof(*stack->addresses);
	struct series_report report = report_of(snapshot, stack);

	if (!followed)
		return NULL;
	followed->key = (struct stack){
	    .process = stack->process,
	    .kind = stack->kind,
	    .leak = stack->leak,
	    .class_index = stack->class_index,
	    .code_version = stack->code_version,
	    .addresses = malloc(size),
	    .n_addresses = stack->n_addresses,
	};
	if (!followed->key.addresses) {
		free(followed);
		return NULL;
	}
	memcpy(followed->key.addresses, stack->addresses, size);
	series_begin(&followed->series, &report);
	return followed;
}

/* The one of this stack, if there is one, at or behind *i; *i is moved up to where it would be. */
static struct followed *find(const struct growth *growth, size_t *i, const struct snapshot *snapshot,
                             const struct stack *stack)
{
	for (; *i < growth->n_followed; (*i)++) {
		struct followed *followed = growth->followed[*i];
		int order = identity_compare(&growth->keys, &followed->key, snapshot, stack);

		if (order >= 0)
			return order == 0 ? followed : NULL;
	}
	return NULL;
}

/* The stacks of the snapshot that are followed from now on; those that go on are taken from their place. */
static size_t take(struct growth *growth, const struct snapshot *snapshot, struct followed **followed)
{
	size_t n = 0, old = 0, room = growth->max_stacks - growth->n_followed;

	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		struct series_report report = report_of(snapshot, stack);
		struct followed *known = stack->n_addresses ? find(growth, &old, snapshot, stack) : NULL;

		if (known) {
			growth->followed[old++] = NULL;
			known->key.process = stack->process;
			series_add(&known->series, &report);
			followed[n++] = known;
		} else if (stack->n_addresses && room) {
			followed[n] = follow(snapshot, stack);
			room -= followed[n] != NULL;
			n += followed[n] != NULL;
		}
	}
	return n;
}

/* What tells processes apart, by their places in the snapshot. */
static struct process *copy_processes(const struct snapshot *snapshot)
{
	struct process *processes = calloc(snapshot->n_processes + 1, sizeof(*processes));

	for (size_t i = 0; processes && i < snapshot->n_processes; i++) {
		processes[i].pid = snapshot->processes[i].pid;
		processes[i].cgroup = snapshot->processes[i].cgroup;
		processes[i].number = snapshot->processes[i].number;
	}
	return processes;
}

int growth_add(struct growth *growth, const struct snapshot *snapshot)
{
	struct followed **followed = calloc(snapshot->n_stacks + 1, sizeof(struct followed *));
	struct process *processes = copy_processes(snapshot);
	size_t n;

	if (!followed || !processes) {
		free(followed);
		free(processes);
		return -ENOMEM;
	}
	n = take(growth, snapshot, followed);
	for (size_t i = 0; i < growth->n_followed; i++) {
		if (growth->followed[i])
			forget(growth->followed[i]);
	}
	free(growth->followed);
	free(growth->keys.processes);
	growth->followed = followed;
	growth->n_followed = n;
	growth->keys.processes = processes;
	growth->keys.n_processes = snapshot->n_processes;
	return 0;
}

void growth_judge(const struct growth *growth, struct snapshot *snapshot)
{
	for (size_t i = 0, at = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];
		const struct followed *followed = stack->n_addresses ? find(growth, &at, snapshot, stack) : NULL;

		if (followed)
			series_judge(&followed->series, &stack->verdict);
		/* It did grow, and at exit all was freed. */
		if (stack->verdict.kind == VERDICT_GROWING && !stack->usage.live_blocks)
			stack->verdict = (struct verdict){.kind = VERDICT_NONE};
	}
}

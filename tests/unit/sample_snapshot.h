/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots made by hand, for the tests of what comes behind the collecting. */
#ifndef MEMTRACE_TESTS_SAMPLE_SNAPSHOT_H
#define MEMTRACE_TESTS_SAMPLE_SNAPSHOT_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

/* 2026-03-01 03:00:41.123456789 UTC */
#define SAMPLE_TIME_NS 1772334041123456789ULL

static inline void *sample_copy(const void *from, size_t size)
{
	void *copy = malloc(size);

	assert(copy);
	return memcpy(copy, from, size);
}

/* A snapshot of n_processes (1001, 1002, …) named "app" and room for n_stacks, on n_nodes. */
static inline struct snapshot *sample_new(size_t n_processes, size_t n_stacks, size_t n_nodes)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert(snapshot);
	snapshot->command = "trace";
	snapshot->time_unix_ns = SAMPLE_TIME_NS;
	snapshot->elapsed_ns = 5000000000;
	snapshot->since_unix_ns = SAMPLE_TIME_NS - snapshot->elapsed_ns;
	snapshot->processes = calloc(n_processes, sizeof(*snapshot->processes));
	snapshot->n_processes = n_processes;
	snapshot->stacks = calloc(n_stacks + 1, sizeof(*snapshot->stacks));
	snapshot->n_stacks = n_stacks;
	snapshot->placement.nodes = calloc(n_nodes, sizeof(*snapshot->placement.nodes));
	snapshot->placement.n_nodes = n_nodes;
	snapshot->placed = n_nodes > 1;
	snapshot->unknown_frees_known = true;
	assert(snapshot->processes && snapshot->stacks && snapshot->placement.nodes);
	for (size_t i = 0; i < n_nodes; i++)
		snapshot->placement.nodes[i].node = (int)i;
	for (size_t i = 0; i < n_processes; i++) {
		snapshot->processes[i].pid = (pid_t)(1001 + i);
		strcpy(snapshot->processes[i].comm, "app");
		snapshot->processes[i].exe = strdup("/usr/bin/app");
		if (placement_init(&snapshot->processes[i].placement, snapshot->placement.nodes, n_nodes))
			abort();
	}
	return snapshot;
}

/* Gives the stack `n` addresses: first, first + 16, … */
static inline void sample_addresses(struct stack *stack, uint64_t first, size_t n)
{
	stack->addresses = calloc(n, sizeof(*stack->addresses));
	assert(stack->addresses);
	stack->n_addresses = n;
	for (size_t i = 0; i < n; i++)
		stack->addresses[i] = first + 16 * i;
}

/* live blocks of `size` bytes each, and as many that were freed */
static inline void sample_usage(struct stack *stack, uint64_t live_blocks, uint64_t size)
{
	stack->usage = (struct usage){
	    .live_bytes = live_blocks * size,
	    .live_blocks = live_blocks,
	    .alloc_bytes = 2 * live_blocks * size,
	    .alloc_count = 2 * live_blocks,
	    .free_bytes = live_blocks * size,
	    .free_count = live_blocks,
	};
}

#endif

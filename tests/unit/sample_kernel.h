/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of kernel memory made by hand. */
#ifndef MEMTRACE_TESTS_SAMPLE_KERNEL_H
#define MEMTRACE_TESTS_SAMPLE_KERNEL_H

#include <stdio.h>

#include "unit/sample_snapshot.h"

#define SAMPLE_OBJECT_BYTES 100
#define SAMPLE_SLOT_BYTES 128

/* Classes: number 0 is of what has none, then one for each cache; behind them one for each other kind. */
#define SAMPLE_CLASS(cache) ((cache) + 1)
#define SAMPLE_CLASS_OF_KIND(snapshot, kind) ((snapshot)->kernel->n_caches + 1 + (kind)-KIND_PAGE)

/* A snapshot of command "kernel", laid to nobody, with caches "cache-0", "cache-1", … and room for n_stacks. */
static inline struct snapshot *sample_kernel_new(size_t n_caches, size_t n_stacks)
{
	struct snapshot *snapshot = sample_new(1, n_stacks, 1);
	struct kernel_memory *memory = calloc(1, sizeof(*memory));

	assert(memory);
	snapshot->command = "kernel";
	snapshot->kernel = memory;
	snapshot->processes[0].pid = 0;
	strcpy(snapshot->processes[0].comm, "kernel");
	free(snapshot->processes[0].exe);
	snapshot->processes[0].exe = NULL;
	memory->exact_counts = true;
	memory->n_caches = n_caches;
	memory->caches = calloc(n_caches + 1, sizeof(*memory->caches));
	memory->n_classes = n_caches + 1 + KIND_COUNT - KIND_PAGE;
	memory->classes = calloc(memory->n_classes, sizeof(*memory->classes));
	assert(memory->caches && memory->classes);
	memory->classes[0] = (struct memory_class){.kind = KIND_SLAB, .cache = SIZE_MAX};
	for (size_t i = 0; i < n_caches; i++) {
		struct cache_growth *cache = &memory->caches[i];

		if (asprintf(&cache->name, "cache-%zu", i) < 0)
			abort();
		cache->object_bytes = SAMPLE_OBJECT_BYTES;
		cache->slot_bytes = SAMPLE_SLOT_BYTES;
		memory->classes[SAMPLE_CLASS(i)] = (struct memory_class){.kind = KIND_SLAB, .cache = i};
	}
	for (int kind = KIND_PAGE; kind < KIND_COUNT; kind++)
		memory->classes[SAMPLE_CLASS_OF_KIND(snapshot, kind)] =
		    (struct memory_class){.kind = (enum block_kind)kind, .cache = SIZE_MAX};
	for (int kind = KIND_OF_KERNEL; kind < KIND_COUNT; kind++)
		memory->kinds[kind] = true;
	return snapshot;
}

/* The kernel's own count, before and after. */
static inline void sample_count(struct snapshot *snapshot, size_t number, uint64_t before, uint64_t after)
{
	struct cache_growth *cache = &snapshot->kernel->caches[number];

	cache->objects_before = before;
	cache->objects_after = after;
	cache->growth_objects = (int64_t)(after - before);
	cache->growth_bytes = cache->growth_objects * (int64_t)cache->slot_bytes;
}

/* One more name of the cache. */
static inline void sample_alias(struct snapshot *snapshot, size_t number, const char *alias)
{
	struct cache_growth *cache = &snapshot->kernel->caches[number];

	cache->aliases = reallocarray(cache->aliases, cache->n_aliases + 1, sizeof(*cache->aliases));
	assert(cache->aliases);
	cache->aliases[cache->n_aliases++] = strdup(alias);
}

/* Allocations of `size` bytes each, of which so many are still live; one address tells the stack from others. */
static inline struct stack *sample_kernel_stack(struct snapshot *snapshot, size_t number, size_t class_index,
                                                uint64_t allocated, uint64_t live, uint64_t size)
{
	struct stack *stack = &snapshot->stacks[number];

	stack->class_index = class_index;
	stack->kind = snapshot->kernel->classes[class_index].kind;
	stack->usage = (struct usage){.live_bytes = live * size,
	                              .live_blocks = live,
	                              .alloc_bytes = allocated * size,
	                              .alloc_count = allocated,
	                              .free_bytes = (allocated - live) * size,
	                              .free_count = allocated - live};
	sample_addresses(stack, 0xffffffff81000000 + 0x100 * number, 1);
	return stack;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/glibc.h"
#include "heap/jemalloc.h"
#include "heap/tcmalloc.h"
#include "heap/walker.h"

/* Those that take memory by brk come before glibc's, which is what has it if nobody else does. */
static const struct heap_walker walkers[] = {
    {"tcmalloc", tcmalloc_walk},
    {"glibc", glibc_walk},
    {"jemalloc", jemalloc_walk},
};

#define WALKERS (sizeof(walkers) / sizeof(walkers[0]))

size_t heap_allocator_count(void)
{
	return WALKERS;
}

const char *heap_allocator_name(size_t allocator)
{
	return allocator < WALKERS ? walkers[allocator].name : "unknown";
}

const char *heap_kind_name(enum heap_kind kind)
{
	static const char *const names[] = {
	    [HEAP_UNKNOWN] = "unknown", [HEAP_METADATA] = "metadata",     [HEAP_FREE] = "free",
	    [HEAP_USED] = "used",       [HEAP_MAYBE_USED] = "maybe used",
	};

	return kind < HEAP_KIND_COUNT ? names[kind] : "unknown";
}

const char *heap_trouble_text(enum heap_trouble trouble)
{
	static const char *const texts[] = {
	    [HEAP_UNREADABLE] = "memory that could not be read",
	    [HEAP_BROKEN] = "a heap whose chunks do not lead to its end",
	    [HEAP_NO_ARENA] = "memory taken by brk of which no allocator is known",
	    [HEAP_FOREIGN] = "memory taken by brk that is not the allocator's",
	    [HEAP_BAD_ARENA] = "an arena that is not what it should be",
	    [HEAP_BAD_LIST] = "a list of free chunks that leads astray",
	    [HEAP_NO_CACHES] = "threads' caches that were not found",
	    [HEAP_BUSY] = "an arena that was being changed",
	    [HEAP_LOOSE_BLOCKS] = "large blocks that do not add up to what the allocator counts",
	    [HEAP_OVERLAP] = "heaps that overlap",
	    [HEAP_TOO_MANY] = "more than is looked at",
	};

	return trouble < HEAP_TROUBLE_COUNT ? texts[trouble] : "unknown";
}

enum heap_mapping_kind heap_mapping_kind(const char *name)
{
	if (!*name || !strncmp(name, "[anon:", 6))
		return HEAP_MAPPING_ANONYMOUS;
	if (!strcmp(name, "[heap]"))
		return HEAP_MAPPING_BRK;
	return *name == '/' ? HEAP_MAPPING_FILE : HEAP_MAPPING_OTHER;
}

/* Bytes and blocks by kind. What lies between extents is metadata. */
static void add_up(struct heap *heap)
{
	for (size_t i = 0; i < heap->n_areas; i++) {
		const struct heap_area *area = &heap->areas[i];
		uint64_t between = area->end - area->start;

		for (size_t j = area->first; j < area->first + area->n; j++) {
			const struct heap_extent *extent = &heap->extents[j];

			heap->bytes[extent->kind] += extent->end - extent->start;
			heap->blocks[extent->kind]++;
			between -= extent->end - extent->start;
		}
		heap->bytes[HEAP_METADATA] += between;
	}
}

int heap_walk(const struct heap_process *process, struct heap *heap)
{
	struct heap_walk *walk = calloc(1, sizeof(*walk));
	struct heap_extent *extents = heap->extents;
	size_t room = heap->extents_room;
	int err = 0;

	heap->extents = NULL;
	heap_free(heap);
	heap->extents = extents;
	heap->extents_room = room;
	if (!walk)
		return -ENOMEM;
	walk->process = process;
	walk->heap = heap;
	walk->max_extents = process->max_extents ? process->max_extents : HEAP_MAX_EXTENTS;
	for (size_t i = 0; i < WALKERS && !err; i++) {
		walk->allocator = (uint8_t)i;
		err = walkers[i].walk(walk);
	}
	free(walk);
	if (!err)
		add_up(heap);
	return err;
}

void heap_free(struct heap *heap)
{
	free(heap->variables);
	free(heap->extents);
	free(heap->areas);
	*heap = (struct heap){0};
}

bool heap_find(const struct heap *heap, uint64_t address, enum heap_kind *kind, const struct heap_extent **block)
{
	const struct heap_area *area = heap_area_at(heap, address);
	size_t low, high;

	*block = NULL;
	*kind = HEAP_METADATA;
	if (!area)
		return false;
	low = area->first;
	high = area->first + area->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (heap->extents[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < area->first + area->n && heap->extents[low].start <= address) {
		*block = &heap->extents[low];
		*kind = (enum heap_kind)heap->extents[low].kind;
	}
	return true;
}

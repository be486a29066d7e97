/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every heap that a walk makes, whatever the memory was that it read. */
#ifndef MEMTRACE_TESTS_HEAP_INVARIANTS_H
#define MEMTRACE_TESTS_HEAP_INVARIANTS_H

#include "heap/heap.h"

/* What is wrong, or NULL. */
static const char *heap_fault(const struct heap_process *process, const struct heap *heap)
{
	uint64_t last = 0, bytes = 0, sum = 0;

	for (size_t i = 0; i < heap->n_areas; i++) {
		const struct heap_area *area = &heap->areas[i];

		if (area->start < last || area->end <= area->start)
			return "areas are not in order";
		if (area->first + area->n > heap->n_extents)
			return "extents of an area that are not there";
		bytes += area->end - area->start;
		last = area->start;
		for (size_t j = area->first; j < area->first + area->n; j++) {
			const struct heap_extent *extent = &heap->extents[j], *found;
			enum heap_kind kind;

			if (extent->start < last || extent->end <= extent->start || extent->end > area->end)
				return "extents are not in order";
			if (extent->kind >= HEAP_KIND_COUNT)
				return "no kind";
			if (!heap_find(heap, extent->start, &kind, &found) || found != extent || kind != extent->kind)
				return "an extent that is not found";
			last = extent->end;
		}
		last = area->end;
	}
	for (unsigned int kind = 0; kind < HEAP_KIND_COUNT; kind++)
		sum += heap->bytes[kind];
	if (sum != bytes)
		return "sums are not those of the areas";
	return heap->n_extents > process->max_extents + heap->n_areas && process->max_extents ? "more than the limit"
	                                                                                      : NULL;
}

#endif

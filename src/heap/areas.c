// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing down what memory is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/walker.h"
#include "util/grow.h"

void heap_trouble_note(struct heap_walk *walk, enum heap_trouble trouble, uint64_t address)
{
	struct heap_trouble_row *row = &walk->heap->troubles[trouble];

	if (!row->count++)
		row->address = address;
}

/* The first area that ends behind an address. */
static size_t area_index(const struct heap *heap, uint64_t address)
{
	size_t low = 0, high = heap->n_areas;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (heap->areas[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct heap_area *heap_area_at(const struct heap *heap, uint64_t address)
{
	size_t i = area_index(heap, address);

	return i < heap->n_areas && heap->areas[i].start <= address ? &heap->areas[i] : NULL;
}

int heap_area_open(struct heap_walk *walk, uint64_t start, uint64_t end)
{
	struct heap *heap = walk->heap;
	size_t i = area_index(heap, start);
	int err;

	if (start >= end || (i < heap->n_areas && heap->areas[i].start < end)) {
		heap_trouble_note(walk, HEAP_OVERLAP, start);
		return -EEXIST;
	}
	err = grow_list((void **)&heap->areas, heap->n_areas, sizeof(*heap->areas));
	if (err)
		return err;
	memmove(&heap->areas[i + 1], &heap->areas[i], (heap->n_areas - i) * sizeof(*heap->areas));
	heap->areas[i] = (struct heap_area){start, end, heap->n_extents, 0, walk->allocator};
	heap->n_areas++;
	walk->open_area = i;
	return 0;
}

/* Room for one more extent. 0 or -ENOMEM. */
static int make_room(struct heap *heap)
{
	size_t room = heap->extents_room ? 2 * heap->extents_room : 1024;
	struct heap_extent *grown;

	if (heap->n_extents < heap->extents_room)
		return 0;
	grown = reallocarray(heap->extents, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	heap->extents = grown;
	heap->extents_room = room;
	return 0;
}

int heap_area_add(struct heap_walk *walk, uint64_t start, uint64_t end, enum heap_kind kind)
{
	struct heap *heap = walk->heap;
	int err;

	if (heap->n_extents >= walk->max_extents) {
		heap_trouble_note(walk, HEAP_TOO_MANY, start);
		return -E2BIG;
	}
	err = make_room(heap);
	if (err)
		return err;
	heap->extents[heap->n_extents++] = (struct heap_extent){start, end, kind};
	heap->areas[walk->open_area].n++;
	return 0;
}

int heap_area_give_up(struct heap_walk *walk, uint64_t from)
{
	struct heap *heap = walk->heap;
	struct heap_area *area = &heap->areas[walk->open_area];

	while (area->n && heap->extents[area->first + area->n - 1].end > from) {
		area->n--;
		heap->n_extents--;
	}
	/* Room for one an area there must be, whatever the limit. */
	if (make_room(heap))
		return -ENOMEM;
	heap->extents[heap->n_extents++] = (struct heap_extent){from, area->end, HEAP_UNKNOWN};
	area->n++;
	return 0;
}

int heap_variables_add(struct heap_walk *walk, uint64_t start, uint64_t end)
{
	struct heap *heap = walk->heap;
	int err = grow_list((void **)&heap->variables, heap->n_variables, sizeof(*heap->variables));

	if (!err)
		heap->variables[heap->n_variables++] = (struct heap_variables){start, end};
	return err;
}

struct heap_extent *heap_extent_at(const struct heap_walk *walk, uint64_t start)
{
	struct heap *heap = walk->heap;
	const struct heap_extent *extent;
	enum heap_kind kind;

	if (!heap_find(heap, start, &kind, &extent) || !extent || extent->start != start)
		return NULL;
	return &heap->extents[extent - heap->extents];
}

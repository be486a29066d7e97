// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap/glibc.h"

#include <errno.h>
#include <stdlib.h>

#include "heap/glibc_state.h"

/* A block that may be free after all, by what could not be read. */
static bool is_doubtful(const struct glibc *glibc, const struct heap_extent *extent)
{
	uint64_t chunk_size = extent->end - extent->start + sizeof(uint64_t);
	uint64_t fastbin = (chunk_size - CHUNK_MIN_BYTES) / CHUNK_ALIGN;

	if (chunk_size <= TCACHE_CHUNK_MAX && !glibc->caches_known)
		return true;
	return fastbin < FASTBINS && glibc->doubtful_fastbins & 1U << fastbin;
}

static void mark_doubtful(const struct glibc *glibc)
{
	struct heap *heap = glibc->walk->heap;

	for (size_t i = 0; i < heap->n_areas; i++) {
		const struct heap_area *area = &heap->areas[i];

		if (area->allocator != glibc->walk->allocator)
			continue;
		for (size_t j = area->first; j < area->first + area->n; j++)
			if (heap->extents[j].kind == HEAP_USED && is_doubtful(glibc, &heap->extents[j]))
				heap->extents[j].kind = HEAP_MAYBE_USED;
	}
}

static int by_start(const void *left, const void *right)
{
	const struct glibc_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static int walk_ranges(struct glibc *glibc)
{
	int err = 0;

	if (glibc->n_ranges)
		qsort(glibc->ranges, glibc->n_ranges, sizeof(*glibc->ranges), by_start);
	for (size_t i = 0; i < glibc->n_ranges && !err; i++)
		err = glibc_walk_chunks(glibc, &glibc->ranges[i]);
	return err;
}

/* Its arenas. */
static int tell_variables(const struct glibc *glibc)
{
	int err = 0;

	for (size_t i = 0; i < glibc->n_arenas && !err; i++)
		err = heap_variables_add(glibc->walk, glibc->arenas[i].address, glibc->arenas[i].address + ARENA_BYTES);
	return err;
}

int glibc_walk(struct heap_walk *walk)
{
	struct glibc glibc = {.walk = walk};
	int err = glibc_find_arenas(&glibc);

	if (!err)
		err = walk_ranges(&glibc);
	if (!err && glibc.n_copies) {
		glibc_read_fastbins(&glibc);
		glibc_read_caches(&glibc);
	}
	if (!err)
		err = glibc_find_loose(&glibc);
	if (!err)
		err = tell_variables(&glibc);
	if (!err)
		mark_doubtful(&glibc);
	free(glibc.arenas);
	free(glibc.ranges);
	return err;
}

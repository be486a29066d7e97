// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap/jemalloc_extent.h"

#include <errno.h>

/* struct edata_s, 128 bytes: bits, address, size, …, and of a slab the bitmap. */
#define EDATA_ALIGN 128
#define EDATA_BYTES 128
#define EDATA_ADDRESS 8
#define EDATA_SIZE 16
#define EDATA_BITMAP 64

/*
 * A tree's word: the description's address, in its lowest bits whether it is a slab and the extent's state, and on top
 * the size class, which need not stand at any but a large block's first page.
 */
#define TREE_CLASS_SHIFT 48
#define TREE_STATE_SHIFT 2
#define TREE_ADDRESS_MASK ((1UL << TREE_CLASS_SHIFT) - 1)

/* Four sizes each time the size doubles, from 64 bytes on; before that 8, 16, 32, 48. */
#define SIZE_CLASSES 232
#define FIRST_GROUP 5      /* the class of 80 bytes */
#define MAX_SMALL_CLASS 35 /* 14 KiB */

/* Threads keep blocks up to this size at hand, if they are told to (opt.lg_tcache_max). */
#define CACHED_MAX_BYTES (8UL << 20)

static uint64_t class_size(uint64_t size_class)
{
	uint64_t group, step;

	if (size_class == 0)
		return 8;
	if (size_class < FIRST_GROUP)
		return size_class * 16;
	group = (size_class - FIRST_GROUP) / 4;
	step = (size_class - FIRST_GROUP) % 4 + 1;
	return (64UL << group) + step * (16UL << group);
}

static uint64_t field(uint64_t bits, unsigned int shift, unsigned int width)
{
	return bits >> shift & ((1UL << width) - 1);
}

/* As many regions are free as the description says, and no bit is set beyond the last. */
static bool is_slab_whole(const struct jemalloc_extent *extent, uint64_t n_free)
{
	uint64_t regions = (extent->end - extent->start) / extent->block_size, found = 0;

	if (!regions || regions > 64 * JEMALLOC_SLAB_WORDS)
		return false;
	for (uint64_t i = 0; i < regions; i++)
		found += extent->free[i / 64] >> i % 64 & 1;
	return found == n_free;
}

bool jemalloc_extent_read(const struct heap_walk *walk, uint64_t tree_word, uint64_t page,
                          struct jemalloc_extent *extent)
{
	uint64_t at = tree_word & TREE_ADDRESS_MASK & ~(uint64_t)(EDATA_ALIGN - 1);
	uint64_t tree_class = tree_word >> TREE_CLASS_SHIFT, page_mask = (1UL << JEMALLOC_PAGE_BITS) - 1;
	uint64_t words[EDATA_BYTES / 8], bits, size, size_class;

	if (!at || !heap_read(walk, at, words, sizeof(words)))
		return false;
	bits = words[0];
	size = words[EDATA_SIZE / 8] & ~page_mask;
	*extent = (struct jemalloc_extent){.block = words[EDATA_ADDRESS / 8]};
	extent->start = extent->block & ~page_mask;
	extent->end = extent->start + size;
	extent->state = (uint8_t)field(bits, 17, 3);
	extent->is_slab = field(bits, 12, 1);
	if (page < extent->start || page >= extent->end || extent->end > 1UL << 47 ||
	    extent->state != field(tree_word, TREE_STATE_SHIFT, 3))
		return false;
	if (extent->state != JEMALLOC_ACTIVE)
		return true;
	size_class = field(bits, 20, 8);
	if (size_class >= SIZE_CLASSES || extent->is_slab != (tree_word & 1))
		return false;
	if (size_class != tree_class && (extent->is_slab || page == extent->start || tree_class != SIZE_CLASSES))
		return false;
	extent->block_size = class_size(size_class);
	if (extent->is_slab) {
		for (unsigned int i = 0; i < JEMALLOC_SLAB_WORDS; i++)
			extent->free[i] = words[EDATA_BITMAP / 8 + i];
		return size_class <= MAX_SMALL_CLASS && extent->block == extent->start &&
		       is_slab_whole(extent, field(bits, 28, 10));
	}
	return extent->block_size <= extent->end - extent->block;
}

static int add_slab(struct heap_walk *walk, const struct jemalloc_extent *extent)
{
	uint64_t regions = (extent->end - extent->start) / extent->block_size;
	int err = 0;

	for (uint64_t i = 0; i < regions && !err; i++) {
		uint64_t start = extent->start + i * extent->block_size;
		bool is_free = extent->free[i / 64] >> i % 64 & 1;

		/* What threads keep at hand counts as in use. */
		err = heap_area_add(walk, start, start + extent->block_size, is_free ? HEAP_FREE : HEAP_MAYBE_USED);
	}
	return err;
}

static int add_pages(struct heap_walk *walk, const struct jemalloc_extent *extent)
{
	switch (extent->state) {
	case JEMALLOC_ACTIVE:
		return heap_area_add(walk, extent->block, extent->block + extent->block_size,
		                     extent->block_size > CACHED_MAX_BYTES ? HEAP_USED : HEAP_MAYBE_USED);
	case JEMALLOC_DIRTY:
	case JEMALLOC_MUZZY:
	case JEMALLOC_RETAINED:
		return heap_area_add(walk, extent->start, extent->end, HEAP_FREE);
	default:
		return heap_area_add(walk, extent->start, extent->end, HEAP_UNKNOWN);
	}
}

int jemalloc_extent_add(struct heap_walk *walk, const struct jemalloc_extent *extent)
{
	int err = heap_area_open(walk, extent->start, extent->end);

	if (err)
		return err == -EEXIST ? 0 : err;
	err = extent->is_slab && extent->state == JEMALLOC_ACTIVE ? add_slab(walk, extent) : add_pages(walk, extent);
	return err == -E2BIG ? heap_area_give_up(walk, extent->start) : err;
}

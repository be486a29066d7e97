// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap/jemalloc_extent.h"

#include <errno.h>

#include "heap/jemalloc_state.h"

/* 128 bytes: bits, address, size, …, and of a slab the bitmap. */
#define DESCRIPTION_BYTES 128
#define DESCRIPTION_ADDRESS 8
#define DESCRIPTION_SIZE 16
#define DESCRIPTION_BITMAP 64
#define DESCRIPTION_SLAB 12 /* bit */
#define CLASS_WIDTH 8
#define FREE_WIDTH 10

/* On top of a tree's word is the size class, which need not stand at any but a large block's first page. */
#define TREE_CLASS_SHIFT 48
#define TREE_ADDRESS_MASK ((1UL << TREE_CLASS_SHIFT) - 1)

#define PAGE_BYTES (1UL << JEMALLOC_PAGE_BITS)

static uint64_t field(uint64_t bits, unsigned int shift, unsigned int width)
{
	return bits >> shift & ((1UL << width) - 1);
}

/* As many regions are free as the description says, and no bit of the last word is set beyond the last region. */
static bool is_slab_whole(const struct jemalloc_extent *extent, uint64_t n_free)
{
	uint64_t regions = (extent->end - extent->start) / extent->block_size, found = 0;

	if (!regions || regions > 64 * JEMALLOC_SLAB_WORDS)
		return false;
	if (regions % 64 && extent->free[regions / 64] >> regions % 64)
		return false;
	for (uint64_t i = 0; i < regions; i++)
		found += extent->free[i / 64] >> i % 64 & 1;
	return found == n_free;
}

/* A large block fills its pages, but for one that it may be shifted within. */
static bool is_filled(const struct jemalloc_layout *layout, const struct jemalloc_extent *extent, uint64_t size_class)
{
	uint64_t bytes = extent->end - extent->start;

	if (extent->block_size > extent->end - extent->block)
		return false;
	/* One that the heap profiler has chosen has pages of its own although it is small. */
	return size_class < jemalloc_small_classes(layout) || bytes == extent->block_size ||
	       bytes == extent->block_size + PAGE_BYTES;
}

uint64_t jemalloc_description(const struct jemalloc_layout *layout, uint64_t tree_word)
{
	return tree_word & TREE_ADDRESS_MASK & ~(uint64_t)layout->tree_flags;
}

bool jemalloc_extent_read(const struct heap_walk *walk, const struct jemalloc_layout *layout, uint64_t tree_word,
                          uint64_t page, struct jemalloc_extent *extent)
{
	uint64_t at = jemalloc_description(layout, tree_word), tree_class = tree_word >> TREE_CLASS_SHIFT;
	uint64_t words[DESCRIPTION_BYTES / 8], bits, size_class;

	if (!at || !heap_read(walk, at, words, sizeof(words)))
		return false;
	bits = words[0];
	*extent = (struct jemalloc_extent){.block = words[DESCRIPTION_ADDRESS / 8]};
	extent->start = extent->block & ~(PAGE_BYTES - 1);
	extent->end = extent->start + (words[DESCRIPTION_SIZE / 8] & ~(PAGE_BYTES - 1));
	extent->state = (uint8_t)field(bits, layout->state_shift, layout->state_width);
	extent->is_slab = field(bits, DESCRIPTION_SLAB, 1);
	if (page < extent->start || page >= extent->end || extent->end > 1UL << 47 ||
	    (layout->tree_state_width &&
	     extent->state != field(tree_word, layout->tree_state_shift, layout->tree_state_width)))
		return false;
	if (extent->state != JEMALLOC_ACTIVE)
		return true;
	size_class = field(bits, layout->class_shift, CLASS_WIDTH);
	if (size_class >= jemalloc_classes(layout) || extent->is_slab != (tree_word & 1))
		return false;
	if (size_class != tree_class &&
	    (extent->is_slab || page == extent->start || tree_class != jemalloc_classes(layout)))
		return false;
	extent->block_size = jemalloc_class_size(layout, size_class);
	if (!extent->is_slab)
		return is_filled(layout, extent, size_class);
	for (unsigned int i = 0; i < JEMALLOC_SLAB_WORDS; i++)
		extent->free[i] = words[DESCRIPTION_BITMAP / 8 + i];
	return size_class < jemalloc_small_classes(layout) && extent->block == extent->start &&
	       is_slab_whole(extent, field(bits, layout->free_shift, FREE_WIDTH));
}

static int add_slab(struct heap_walk *walk, const struct jemalloc_extent *extent)
{
	uint64_t regions = (extent->end - extent->start) / extent->block_size;
	int err = 0;

	for (uint64_t i = 0; i < regions && !err; i++) {
		uint64_t start = extent->start + i * extent->block_size;
		bool is_free = extent->free[i / 64] >> i % 64 & 1;

		err = heap_area_add(walk, start, start + extent->block_size, is_free ? HEAP_FREE : HEAP_USED);
	}
	return err;
}

static int add_pages(struct heap_walk *walk, const struct jemalloc_extent *extent)
{
	switch (extent->state) {
	case JEMALLOC_ACTIVE:
		return heap_area_add(walk, extent->block, extent->block + extent->block_size, HEAP_USED);
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

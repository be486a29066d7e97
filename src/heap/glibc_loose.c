// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks that were too large for a heap: each a mapping of its own, which the kernel may have joined with its
 * neighbours. The library counts their bytes, which tells whether what was found is all, and nothing else.
 */
#include <errno.h>
#include <stdlib.h>

#include "heap/glibc_state.h"
#include "util/grow.h"

#define MAX_LOOKS (2UL << 20) /* at what might be a block's beginning */
#define MAX_BLOCKS (1UL << 20)
/*
 * Where an aligned block's header may be, behind its mapping's start: before the first place of its alignment, or, once
 * its mapping has been moved, as far from the start as it was before.
 */
#define MIN_ALIGN_BITS 5
#define PAGE_ALIGN_BITS 12
#define MOVED_PAGES 8
#define MAX_ALIGN_BITS 30

struct loose_block {
	uint64_t start, chunk, end;
};

struct loose_blocks {
	struct loose_block *all;
	size_t n;
	uint64_t bytes;
	size_t n_looks;
};

/* What is before an aligned block belongs to its mapping too, and stands in the place of the previous chunk's size. */
static bool is_block(struct heap_walk *walk, uint64_t start, uint64_t chunk, uint64_t limit, struct loose_block *block)
{
	const uint8_t *bytes;
	uint8_t far[CHUNK_HEADER_BYTES];
	uint64_t word, size;

	if (chunk > limit - CHUNK_HEADER_BYTES)
		return false;
	/* The first page's places are read together. */
	bytes = chunk - start < HEAP_PAGE_BYTES ? heap_window_at(walk, chunk, CHUNK_HEADER_BYTES) : far;
	if (!bytes || (bytes == far && !heap_read(walk, chunk, far, sizeof(far))))
		return false;
	word = heap_word(bytes + 8);
	size = word & ~(uint64_t)CHUNK_FLAGS;
	if ((word & CHUNK_FLAGS) != CHUNK_MMAPPED || heap_word(bytes) != chunk - start || size > limit - chunk ||
	    size < CHUNK_MIN_BYTES || (chunk + size) % HEAP_PAGE_BYTES)
		return false;
	*block = (struct loose_block){start, chunk, chunk + size};
	return true;
}

static bool look_at(struct heap_walk *walk, uint64_t start, uint64_t block_start, uint64_t limit,
                    struct loose_blocks *blocks, struct loose_block *block)
{
	blocks->n_looks++;
	return block_start < limit && block_start > start &&
	       is_block(walk, start, block_start - CHUNK_HEADER_BYTES, limit, block);
}

/* Looks for a block that is aligned, which may lie far behind the mapping's start if one is likely to be there. */
static bool find_aligned(struct heap_walk *walk, uint64_t start, uint64_t limit, bool is_likely,
                         struct loose_blocks *blocks, struct loose_block *block)
{
	uint64_t last = 0;

	for (unsigned int bits = MIN_ALIGN_BITS; bits <= PAGE_ALIGN_BITS; bits++)
		if (look_at(walk, start, start + (1UL << bits), limit, blocks, block))
			return true;
	for (unsigned int page = 2; page <= MOVED_PAGES; page++)
		if (look_at(walk, start, start + page * HEAP_PAGE_BYTES, limit, blocks, block))
			return true;
	for (unsigned int bits = PAGE_ALIGN_BITS + 1; bits <= MAX_ALIGN_BITS && is_likely; bits++) {
		uint64_t align = 1UL << bits, aligned = (start + align) & ~(align - 1);

		if (aligned >= limit)
			break;
		if (aligned != last && look_at(walk, start, aligned, limit, blocks, block))
			return true;
		last = aligned;
	}
	return false;
}

/* The block whose mapping starts at a page. Where it is aligned, a header at the page is an older one. */
static bool find_block(struct heap_walk *walk, uint64_t start, uint64_t limit, bool is_likely,
                       struct loose_blocks *blocks, struct loose_block *block)
{
	bool found;

	blocks->n_looks++;
	found = is_block(walk, start, start, limit, block);
	return find_aligned(walk, start, limit, is_likely, blocks, block) || found;
}

/* Blocks of one mapping: from its start on one behind the other or, at every page, wherever they are. */
static int find_in_mapping(struct heap_walk *walk, const struct heap_mapping *mapping, bool every_page,
                           struct loose_blocks *blocks)
{
	uint64_t at = mapping->start;
	bool is_likely = true;

	heap_window_open(walk, mapping->start, mapping->end);
	while (at < mapping->end && blocks->n_looks < MAX_LOOKS && blocks->n < MAX_BLOCKS) {
		struct loose_block block;

		if (find_block(walk, at, mapping->end, is_likely, blocks, &block)) {
			if (grow_list((void **)&blocks->all, blocks->n, sizeof(*blocks->all)))
				return -ENOMEM;
			blocks->all[blocks->n++] = block;
			blocks->bytes += block.end - block.start;
			at = block.end;
			is_likely = true;
		} else if (every_page) {
			is_likely = false;
			at += HEAP_PAGE_BYTES;
		} else {
			break;
		}
	}
	return 0;
}

static bool may_have_blocks(const struct heap_walk *walk, const struct heap_mapping *mapping)
{
	const struct heap *heap = walk->heap;

	return mapping->kind == HEAP_MAPPING_ANONYMOUS && mapping->readable && mapping->writable && !mapping->shared &&
	       mapping->end % HEAP_PAGE_BYTES == 0 && mapping->start % HEAP_PAGE_BYTES == 0 &&
	       !(heap->n_areas && heap_area_at(heap, mapping->start));
}

static int find_blocks(struct heap_walk *walk, bool every_page, struct loose_blocks *blocks)
{
	const struct heap_process *process = walk->process;
	int err = 0;

	blocks->n = 0;
	blocks->bytes = 0;
	for (size_t i = 0; i < process->n_mappings && !err; i++)
		if (may_have_blocks(walk, &process->mappings[i]))
			err = find_in_mapping(walk, &process->mappings[i], every_page, blocks);
	return err;
}

static int add_block(struct heap_walk *walk, const struct loose_block *block)
{
	int err = heap_area_open(walk, block->start, block->end);

	if (err)
		return err == -EEXIST ? 0 : err;
	err = heap_area_add(walk, block->chunk + CHUNK_HEADER_BYTES, block->end, HEAP_USED);
	return err == -E2BIG ? heap_area_give_up(walk, block->start) : err;
}

int glibc_find_loose(struct glibc *glibc)
{
	struct heap_walk *walk = glibc->walk;
	struct loose_blocks blocks = {0};
	int err = 0;

	if (!glibc->loose_known || !glibc->loose_bytes)
		return 0;
	err = find_blocks(walk, false, &blocks);
	if (!err && blocks.bytes != glibc->loose_bytes)
		err = find_blocks(walk, true, &blocks);
	if (!err && blocks.n_looks >= MAX_LOOKS)
		heap_trouble_note(walk, HEAP_TOO_MANY, 0);
	if (!err && blocks.bytes != glibc->loose_bytes)
		heap_trouble_note(walk, HEAP_LOOSE_BLOCKS, 0);
	else
		for (size_t i = 0; i < blocks.n && !err; i++)
			err = add_block(walk, &blocks.all[i]);
	free(blocks.all);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are in the structures of jemalloc's versions. Offsets are bytes, shifts and widths bits. */
#ifndef MEMTRACE_HEAP_JEMALLOC_LAYOUT_H
#define MEMTRACE_HEAP_JEMALLOC_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JEMALLOC_MAX_CLASSES 235
#define JEMALLOC_LIST_BYTES 24 /* cache_bin_t */

/* Blocks of one size class that are kept at hand: from `head` to `end` there are pointers to them. */
struct jemalloc_list {
	uint64_t head, end;
};

/* A cache: a list for each size class (tcache_t, and since 5.3 tcache_slow_t). */
struct jemalloc_cache_layout {
	uint32_t bytes;  /* that have to be read */
	uint32_t arena;  /* pointer to that which it is filled from; 0: it is not in use */
	uint32_t memory; /* pointer to the block that the lists are in; 0: there is none */
	uint32_t small_lists, large_lists;
	uint32_t n_links; /* pointers to places in the same structure */
	struct {
		uint32_t at, to;
	} links[2];
};

struct jemalloc_layout {
	/* Size classes: after those up to 64 bytes there are four each time that the size doubles. */
	uint32_t class_of_80;

	/* A description's first word (edata_t, before 5.3 extent_t). */
	uint32_t state_shift, state_width, class_shift, free_shift;
	/* A tree's word: the lowest bits that are no address, and the state in them. */
	uint32_t tree_flags, tree_state_shift, tree_state_width;

	/* A thread's variables (tsd_t). */
	uint32_t thread_bytes;
	uint32_t state, has_cache; /* one byte each */
	uint32_t seen_leaves;      /* rtree_ctx_t */
	struct jemalloc_cache_layout thread_cache;

	/* A cache that the program made for itself (tcache.create) is in one block with its lists: behind marked ones,
	 * before others. */
	struct jemalloc_cache_layout own_cache;
	uint32_t max_lists;
	uint32_t lists_align; /* of the block that they are in */
	bool has_marks;       /* words before the first list and behind the last one */
	struct jemalloc_list (*list)(const uint8_t *bytes);
};

#define JEMALLOC_MARK_BEFORE 0x7a7a7a7a7a7a7a7aUL
#define JEMALLOC_MARK_BEHIND 0xa7a7a7a7a7a7a7a7UL

extern const struct jemalloc_layout jemalloc_layouts[];
extern const size_t n_jemalloc_layouts;

uint32_t jemalloc_small_classes(const struct jemalloc_layout *layout);
uint32_t jemalloc_classes(const struct jemalloc_layout *layout);
/* Bytes of a class's blocks. */
uint64_t jemalloc_class_size(const struct jemalloc_layout *layout, uint64_t size_class);
/* Bytes of the smallest block that holds so many. */
uint64_t jemalloc_block_size(const struct jemalloc_layout *layout, uint64_t bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jemalloc writes down of one extent: pages that are one large block, a slab of small ones, or free. */
#ifndef MEMTRACE_HEAP_JEMALLOC_EXTENT_H
#define MEMTRACE_HEAP_JEMALLOC_EXTENT_H

#include "heap/jemalloc_layout.h"
#include "heap/walker.h"

#define JEMALLOC_SLAB_WORDS 8 /* of the bitmap: 512 regions at most */

enum jemalloc_state {
	JEMALLOC_ACTIVE,
	JEMALLOC_DIRTY,
	JEMALLOC_MUZZY,
	JEMALLOC_RETAINED,
};

struct jemalloc_extent {
	uint64_t start, end; /* pages */
	uint64_t block;      /* a large one's address, which need not be the first */
	uint64_t block_size; /* bytes; of a slab, of each region */
	uint8_t state;       /* beyond enum jemalloc_state: it is being changed */
	bool is_slab;
	uint64_t free[JEMALLOC_SLAB_WORDS]; /* a slab's: a bit for each region */
};

/* The address of the description that a word of the tree leads to; 0: none. */
uint64_t jemalloc_description(const struct jemalloc_layout *layout, uint64_t tree_word);

/*
 * Reads the description that the tree has for a page. False where it contradicts the tree or itself, or cannot be
 * read.
 */
bool jemalloc_extent_read(const struct heap_walk *walk, const struct jemalloc_layout *layout, uint64_t tree_word,
                          uint64_t page, struct jemalloc_extent *extent);

/* Writes down what the extent's memory is: what threads keep at hand is in use. 0 or -errno. */
int jemalloc_extent_add(struct heap_walk *walk, const struct jemalloc_extent *extent);

#endif

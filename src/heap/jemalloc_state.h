/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is found out about jemalloc, step by step. */
#ifndef MEMTRACE_HEAP_JEMALLOC_STATE_H
#define MEMTRACE_HEAP_JEMALLOC_STATE_H

#include "heap/jemalloc_layout.h"
#include "heap/walker.h"

#define JEMALLOC_PAGE_BITS 12
#define JEMALLOC_LEVEL_BITS 18
#define JEMALLOC_LEVEL_WORDS (1UL << JEMALLOC_LEVEL_BITS)
#define JEMALLOC_LEVEL_BYTES (JEMALLOC_LEVEL_WORDS * sizeof(uint64_t))
#define JEMALLOC_LEAF_SHIFT (JEMALLOC_LEVEL_BITS + JEMALLOC_PAGE_BITS)

/* Where the lists of a cache end, from the start of the memory that they are in; the same for all caches. */
struct jemalloc_shape {
	uint32_t n_lists;                    /* those of larger classes do not exist */
	uint32_t ends[JEMALLOC_MAX_CLASSES]; /* 0: there is no list of this class */
	uint32_t bytes;                      /* as far as the last one's end; 0: no cache has been seen yet */
};

struct jemalloc {
	struct heap_walk *walk;
	const struct jemalloc_layout *layout;
	uint64_t root;
	struct jemalloc_shape shape;
	uint64_t n_doubtful; /* blocks that lists leave in doubt */
	bool caches_known;
};

/* The leaf for an address, as the root says; 0: there is none. */
uint64_t jemalloc_leaf_of(const struct jemalloc *jemalloc, uint64_t address);

/* Writes down as metadata the memory that a description or a leaf is in. 0 or -ENOMEM. */
int jemalloc_add_metadata(struct heap_walk *walk, uint64_t address);

/* A thread's variables. */
#define JEMALLOC_MAX_THREAD_BYTES 8192

/* Finds where they are, from the thread pointer on: bytes. */
bool jemalloc_find_variables(const struct jemalloc *jemalloc, int64_t *distance);
/* Whether that is what they have to be. */
bool jemalloc_read_variables(const struct jemalloc *jemalloc, uint64_t address, uint8_t *bytes);

/* Frees what threads keep at hand. Where that is not known, all that they might keep is doubtful. 0 or -ENOMEM. */
int jemalloc_read_caches(struct jemalloc *jemalloc);

#endif

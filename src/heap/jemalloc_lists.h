/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of jemalloc's caches: for each size class a list of pointers to blocks that count as in use. The lists stand
 * behind each other in one block, in the same order and of the same lengths in all caches.
 */
#ifndef MEMTRACE_HEAP_JEMALLOC_LISTS_H
#define MEMTRACE_HEAP_JEMALLOC_LISTS_H

#include "heap/jemalloc_state.h"

struct jemalloc_cache {
	struct heap_extent *block; /* that the lists are in */
	uint64_t lists;            /* where the first one begins */
	struct jemalloc_list list[JEMALLOC_MAX_CLASSES];
};

/*
 * Takes a cache apart, of whose structure `bytes` are a copy. False where it contradicts itself or the caches that
 * were read before.
 */
bool jemalloc_cache_read(struct jemalloc *jemalloc, const struct jemalloc_cache_layout *layout, uint64_t address,
                         const uint8_t *bytes, struct jemalloc_cache *cache);

enum jemalloc_reading {
	JEMALLOC_STILL,    /* nobody changes it */
	JEMALLOC_AT_WORK,  /* a thread may be changing it */
	JEMALLOC_NO_HEADS, /* where the lists begin is not known: whatever stands in them may be free */
};

/* Frees what the lists lead to. How many of the words that should lead to a block of their class do not. */
size_t jemalloc_cache_settle(struct jemalloc *jemalloc, const struct jemalloc_cache *cache,
                             enum jemalloc_reading reading);

bool jemalloc_is_in_use(const struct heap_extent *block);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where jemalloc's variables of each thread are. They hold the leaves of the tree that the thread has used last, each
 * with the address that it begins at, and these lead nowhere else in memory.
 */
#include <string.h>

#include "heap/jemalloc_state.h"

#define THREADS_TRIED 64 /* until one is found that tells where the variables are */
#define POINTERS_TRIED 64

/* Pairs of an address and its leaf (rtree_ctx_cache_elm_t): the first ones each at its place by address. */
#define PAIR_BYTES 16
#define PLACES 16
#define PAIRS 24
#define NO_ADDRESS 1UL

#define LAST_STATE 6 /* tsd_state_uninitialized */

static bool is_pair(const struct jemalloc *jemalloc, uint64_t address, uint64_t leaf)
{
	return address && leaf && address % (1UL << JEMALLOC_LEAF_SHIFT) == 0 &&
	       leaf == jemalloc_leaf_of(jemalloc, address);
}

static uint64_t place_of(uint64_t address)
{
	return address >> JEMALLOC_LEAF_SHIFT & (PLACES - 1);
}

bool jemalloc_read_variables(const struct jemalloc *jemalloc, uint64_t address, uint8_t *bytes)
{
	const struct jemalloc_layout *layout = jemalloc->layout;

	if (!heap_read(jemalloc->walk, address, bytes, layout->thread_bytes) || bytes[layout->state] > LAST_STATE ||
	    bytes[layout->has_cache] > 1)
		return false;
	for (uint64_t i = 0; i < PAIRS; i++) {
		const uint8_t *pair = bytes + layout->seen_leaves + i * PAIR_BYTES;
		uint64_t begin = heap_word(pair), leaf = heap_word(pair + sizeof(begin));

		if (begin == NO_ADDRESS ? leaf != 0
		                        : !is_pair(jemalloc, begin, leaf) || (i < PLACES && i != place_of(begin)))
			return false;
	}
	return true;
}

static bool find_by(const struct jemalloc *jemalloc, uint64_t pointer, int64_t *distance)
{
	struct heap_walk *walk = jemalloc->walk;
	uint8_t variables[JEMALLOC_MAX_THREAD_BYTES];
	unsigned int tried = 0;
	uint64_t from, to;

	if (!heap_thread_variables(walk, pointer, &from, &to))
		return false;
	heap_window_open(walk, from, to);
	for (uint64_t at = from; at < to && tried < POINTERS_TRIED; at += sizeof(uint64_t)) {
		const uint8_t *bytes = heap_window_at(walk, at, PAIR_BYTES);
		uint64_t begin = bytes ? heap_word(bytes) : 0;

		if (!begin || !is_pair(jemalloc, begin, heap_word(bytes + sizeof(begin))))
			continue;
		tried++;
		begin = at - place_of(begin) * PAIR_BYTES - jemalloc->layout->seen_leaves;
		if (!jemalloc_read_variables(jemalloc, begin, variables))
			continue;
		*distance = (int64_t)(begin - pointer);
		return true;
	}
	return false;
}

bool jemalloc_find_variables(const struct jemalloc *jemalloc, int64_t *distance)
{
	const struct heap_process *process = jemalloc->walk->process;

	for (size_t i = 0; i < process->n_threads && i < THREADS_TRIED; i++)
		if (find_by(jemalloc, process->thread_pointers[i], distance))
			return true;
	return false;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What threads keep at hand (tcache). Each thread has a structure of lists on the heap, and the library's variables
 * of that thread point to it. Where these are is the same distance from every thread pointer; it is found by what
 * stands there: a pointer to such a structure and, close by, one to an arena.
 *
 * A structure that no thread points to is left over from a thread that is ending, or from before a fork. It is known
 * by its lists.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/glibc_state.h"

#define TCACHE_BYTES_MAX (TCACHE_BINS * (sizeof(uint16_t) + sizeof(uint64_t)))
#define NEAR_WORDS 8           /* between the pointers to the structure and to the arena */
#define THREADS_TRIED 64       /* until one is found that tells where the variables are */
#define POINTERS_TRIED 64      /* the same, of one thread */
#define MAX_STEPS (32UL << 20) /* along all lists together */

/* struct tcache_perthread_struct by version. */
static const struct layout {
	uint64_t block_bytes; /* of the block that it is in */
	uint32_t count_bytes; /* of each list's length */
} layouts[] = {
    {0x288, 2}, /* 2.30 to 2.41 */
    {0x248, 1}, /* before */
};

struct cache {
	struct heap_extent *block;
	uint32_t counts[TCACHE_BINS];
	uint64_t lists[TCACHE_BINS];
	bool is_empty;
};

static const struct layout *layout_of(const struct heap_extent *block)
{
	uint64_t bytes = block->end - block->start;

	/* A free chunk that is taken for it stays whole if no other chunk would fit behind it. */
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (bytes == layouts[i].block_bytes || bytes == layouts[i].block_bytes + CHUNK_ALIGN)
			return &layouts[i];
	return NULL;
}

/* Takes the structure apart. False where the first look tells that it is none. */
static bool read_cache(const struct glibc *glibc, struct heap_extent *block, struct cache *cache)
{
	const struct layout *layout = block ? layout_of(block) : NULL;
	uint8_t bytes[TCACHE_BYTES_MAX];

	if (!layout || (block->kind != HEAP_USED && block->kind != HEAP_MAYBE_USED) ||
	    !heap_read(glibc->walk, block->start, bytes, TCACHE_BINS * (layout->count_bytes + sizeof(uint64_t))))
		return false;
	*cache = (struct cache){.block = block, .is_empty = true};
	for (unsigned int i = 0; i < TCACHE_BINS; i++) {
		uint16_t count = bytes[i];

		if (layout->count_bytes == sizeof(count))
			memcpy(&count, bytes + i * sizeof(count), sizeof(count));
		cache->counts[i] = count;
		cache->lists[i] = heap_word(bytes + TCACHE_BINS * layout->count_bytes + i * sizeof(uint64_t));
		if (cache->lists[i])
			cache->is_empty = false;
		if (cache->lists[i] % CHUNK_ALIGN)
			return false;
	}
	return true;
}

/* Follows a list to its end. Its length may differ by one from what is counted while it is changed. */
static bool follow_list(struct glibc *glibc, const struct cache *cache, unsigned int bin, bool free)
{
	uint64_t at = cache->lists[bin];
	uint32_t n = 0;

	while (at) {
		struct heap_extent *block =
		    glibc_listed(glibc, at, LIST_OF_BLOCKS, CHUNK_MIN_BYTES + bin * CHUNK_ALIGN);

		if (!block || n > cache->counts[bin] || glibc->cache_steps++ >= MAX_STEPS ||
		    !glibc_next_listed(glibc, block, LIST_OF_BLOCKS, &at))
			return false;
		if (free)
			block->kind = HEAP_FREE;
		n++;
	}
	return n + 1 >= cache->counts[bin];
}

/* Whether it is such a structure: all its lists lead over chunks of their size to an end, and none is cut. */
static bool is_cache(struct glibc *glibc, struct heap_extent *block, struct cache *cache)
{
	enum glibc_links links = glibc->links;

	if (!read_cache(glibc, block, cache))
		return false;
	for (unsigned int i = 0; i < TCACHE_BINS; i++)
		if (!follow_list(glibc, cache, i, false)) {
			glibc->links = links;
			return false;
		}
	return true;
}

/* 0, or -EBADMSG where a list that was whole has been found in another one. */
static int free_cached(struct glibc *glibc, const struct cache *cache)
{
	int err = 0;

	cache->block->kind = HEAP_METADATA;
	for (unsigned int i = 0; i < TCACHE_BINS; i++)
		if (!follow_list(glibc, cache, i, true))
			err = -EBADMSG;
	return err;
}

static bool is_arena(const struct glibc *glibc, uint64_t address)
{
	for (size_t i = 0; i < glibc->n_arenas; i++)
		if (glibc->arenas[i].address == address)
			return true;
	return false;
}

/* Where a thread's variables are, from its thread pointer. */
struct variables {
	int64_t cache, arena; /* bytes */
};

static bool read_variable(const struct heap_walk *walk, uint64_t pointer, int64_t distance, uint64_t *value)
{
	return heap_read(walk, pointer + (uint64_t)distance, value, sizeof(*value));
}

/* Does every thread have at these places what has to be there? None has anything before it allocates. */
static bool all_agree(struct glibc *glibc, const struct variables *variables)
{
	const struct heap_process *process = glibc->walk->process;
	struct cache cache;

	for (size_t i = 0; i < process->n_threads; i++) {
		uint64_t pointer = process->thread_pointers[i], at, arena;

		if (!read_variable(glibc->walk, pointer, variables->cache, &at) ||
		    !read_variable(glibc->walk, pointer, variables->arena, &arena) ||
		    (at && !is_cache(glibc, heap_extent_at(glibc->walk, at), &cache)) ||
		    (arena && !is_arena(glibc, arena)))
			return false;
	}
	return true;
}

/* Looks around a pointer to what may be a thread's cache for one to an arena, so that all threads agree. */
static bool find_arena_near(struct glibc *glibc, uint64_t pointer, struct variables *variables)
{
	for (int64_t word = -NEAR_WORDS; word <= NEAR_WORDS; word++) {
		uint64_t value;

		variables->arena = variables->cache + word * (int64_t)sizeof(uint64_t);
		if (word && read_variable(glibc->walk, pointer, variables->arena, &value) && is_arena(glibc, value) &&
		    all_agree(glibc, variables))
			return true;
	}
	return false;
}

/* Do the variables of all threads lie where this one has a pointer to what may be its cache? */
static bool is_variable(struct glibc *glibc, uint64_t pointer, uint64_t at, uint64_t value, unsigned int *tried,
                        struct variables *variables)
{
	struct heap_walk *walk = glibc->walk;
	struct cache cache;

	if (!value || value % CHUNK_ALIGN || !heap_area_at(walk->heap, value) ||
	    !is_cache(glibc, heap_extent_at(walk, value), &cache))
		return false;
	++*tried;
	variables->cache = (int64_t)(at - pointer);
	return find_arena_near(glibc, pointer, variables);
}

/* From the thread pointer outwards: further away is the stack, which may be full of pointers to such blocks. */
static bool find_variables(struct glibc *glibc, uint64_t pointer, struct variables *variables)
{
	struct heap_walk *walk = glibc->walk;
	bool above = walk->process->tls_above;
	unsigned int tried = 0;
	uint64_t words[512], from, to;

	if (!heap_thread_variables(walk, pointer, &from, &to))
		return false;
	while (from < to) {
		size_t n = to - from < sizeof(words) ? (to - from) / sizeof(*words) : sizeof(words) / sizeof(*words);
		uint64_t start = above ? from : to - n * sizeof(*words);

		if (!n || !heap_read(walk, start, words, n * sizeof(*words)))
			return false;
		for (size_t i = 0; i < n && tried < POINTERS_TRIED; i++) {
			size_t word = above ? i : n - 1 - i;

			if (is_variable(glibc, pointer, start + word * sizeof(*words), words[word], &tried, variables))
				return true;
		}
		*(above ? &from : &to) = above ? start + n * sizeof(*words) : start;
	}
	return false;
}

/* Frees what the threads keep. Whether all is known of it. */
static bool free_threads_caches(struct glibc *glibc)
{
	const struct heap_process *process = glibc->walk->process;
	struct variables variables;
	struct cache cache;
	bool found = false, whole = true;

	for (size_t i = 0; i < process->n_threads && i < THREADS_TRIED && !found; i++)
		found = find_variables(glibc, process->thread_pointers[i], &variables);
	if (!found)
		return false;
	for (size_t i = 0; i < process->n_threads; i++) {
		uint64_t at;

		if (!read_variable(glibc->walk, process->thread_pointers[i], variables.cache, &at) ||
		    (at && (!is_cache(glibc, heap_extent_at(glibc->walk, at), &cache) || free_cached(glibc, &cache))))
			whole = false;
	}
	return whole;
}

/* Structures that no thread points to. An empty one has nothing that would tell it from a block of zeroes. */
static void free_other_caches(struct glibc *glibc)
{
	struct heap *heap = glibc->walk->heap;
	struct cache cache;

	for (size_t i = 0; i < heap->n_areas; i++)
		for (size_t j = heap->areas[i].first; j < heap->areas[i].first + heap->areas[i].n; j++) {
			struct heap_extent *block = &heap->extents[j];

			if (heap->areas[i].allocator != glibc->walk->allocator || !layout_of(block) ||
			    !is_cache(glibc, block, &cache))
				continue;
			if (cache.is_empty)
				block->kind = HEAP_MAYBE_USED;
			else
				free_cached(glibc, &cache);
		}
}

void glibc_read_caches(struct glibc *glibc)
{
	/* With two copies of the library each thread has two. */
	glibc->caches_known = free_threads_caches(glibc) && glibc->n_copies == 1;
	if (!glibc->caches_known)
		heap_trouble_note(glibc->walk, HEAP_NO_CACHES, 0);
	free_other_caches(glibc);
	if (glibc->cache_steps > MAX_STEPS) {
		glibc->caches_known = false;
		heap_trouble_note(glibc->walk, HEAP_TOO_MANY, 0);
	}
}

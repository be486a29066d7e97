// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What threads keep at hand. Their caches are a list that a variable leads to and that another, beside it, counts;
 * each cache has a list for every class, and knows how many bytes it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/tcmalloc_state.h"

/*
 * class ThreadCache: lists, bytes, largest number of bytes, what samples need; before 2.16 the thread; next, previous.
 */
#define CACHE_LIST_BYTES 32 /* class FreeList: first object, length, three limits, the class's object size */
#define CACHE_LENGTH 8
#define CACHE_OBJECT_BYTES 24
#define CACHE_SIZE (TCMALLOC_CLASSES * CACHE_LIST_BYTES)
#define CACHE_BYTES (CACHE_SIZE + 64)
#define CACHE_ALIGN 64

#define MAX_STEPS (1U << 18) /* from cache to cache, whatever pointers are tried */
#define MAX_TRIED 4096       /* pointers that may lead to the first */

/* Where a cache says which is next; the previous one stands behind it. */
static const size_t next_offsets[] = {CACHE_SIZE + 48, CACHE_SIZE + 32};

#define LAYOUTS (sizeof(next_offsets) / sizeof(next_offsets[0]))

struct cache {
	uint8_t bytes[CACHE_BYTES];
};

static uint64_t cache_word(const struct cache *cache, size_t offset)
{
	return heap_word(cache->bytes + offset);
}

static uint32_t cache_half(const struct cache *cache, size_t offset)
{
	uint32_t half;

	memcpy(&half, cache->bytes + offset, sizeof(half));
	return half;
}

static uint32_t list_length(const struct cache *cache, uint32_t size_class)
{
	return cache_half(cache, size_class * CACHE_LIST_BYTES + CACHE_LENGTH);
}

/* Each of its lists knows how large its objects are. */
static bool read_cache(const struct tcmalloc *tcmalloc, uint64_t at, struct cache *cache)
{
	if (at % CACHE_ALIGN || !heap_mapping_at(tcmalloc->walk, at) ||
	    !heap_read(tcmalloc->walk, at, cache->bytes, sizeof(cache->bytes)))
		return false;
	for (uint32_t i = 1; i < tcmalloc->n_classes; i++)
		if (cache_half(cache, i * CACHE_LIST_BYTES + CACHE_OBJECT_BYTES) != tcmalloc->classes[i].object_bytes)
			return false;
	return true;
}

/* Caches from one on, if it is the first; 0: it is not, or they do not lead to each other. */
static uint32_t count_caches(struct tcmalloc *tcmalloc, uint64_t first, size_t next)
{
	uint64_t at = first, before = 0;
	struct cache cache;
	uint32_t n = 0;

	while (at) {
		if (tcmalloc->cache_steps++ >= MAX_STEPS || !read_cache(tcmalloc, at, &cache) ||
		    cache_word(&cache, next + sizeof(at)) != before)
			return 0;
		n++;
		before = at;
		at = cache_word(&cache, next);
	}
	return n;
}

/* Is so much counted beside the variable? */
static bool is_counted(const struct tcmalloc *tcmalloc, uint64_t variable, uint32_t n)
{
	uint32_t before, behind;

	return (heap_read(tcmalloc->walk, variable - sizeof(uint64_t), &before, sizeof(before)) && before == n) ||
	       (heap_read(tcmalloc->walk, variable + sizeof(uint64_t), &behind, sizeof(behind)) && behind == n);
}

/* Whether a variable leads to the first cache; where that says which is next. */
static bool leads_to_caches(struct tcmalloc *tcmalloc, uint64_t variable, uint64_t value, size_t *next)
{
	for (size_t i = 0; i < LAYOUTS; i++) {
		uint32_t n = count_caches(tcmalloc, value, next_offsets[i]);

		*next = next_offsets[i];
		if (n && is_counted(tcmalloc, variable, n))
			return true;
	}
	return false;
}

/* The first cache, or 0. */
static uint64_t find_caches(struct tcmalloc *tcmalloc, size_t *next)
{
	struct heap_walk *walk = tcmalloc->walk;
	uint64_t at = tcmalloc->variables, word;
	unsigned int tried = 0;

	heap_window_open(walk, at, tcmalloc->variables_end);
	for (; tried < MAX_TRIED && tcmalloc_next_word(walk, &at, &word); at += sizeof(word)) {
		if (word % CACHE_ALIGN || !heap_mapping_at(walk, word))
			continue;
		tried++;
		if (leads_to_caches(tcmalloc, at, word, next))
			return word;
	}
	return 0;
}

/*
 * While objects go to the central cache or come from there, the lists do not have as many bytes as the cache says. They
 * are of a class whose size the difference is a multiple of. A single one is as good as handed out.
 */
static void doubt_moving(struct tcmalloc *tcmalloc, const struct cache *cache, uint64_t at)
{
	int64_t difference = (int32_t)cache_half(cache, CACHE_SIZE);

	for (uint32_t i = 1; i < tcmalloc->n_classes; i++)
		difference -= (int64_t)list_length(cache, i) * tcmalloc->classes[i].object_bytes;
	for (uint32_t i = 1; i < tcmalloc->n_classes && difference; i++) {
		int64_t size = tcmalloc->classes[i].object_bytes;

		if (difference % size || difference == size || difference == -size)
			continue;
		heap_trouble_note(tcmalloc->walk, HEAP_BUSY, at);
		tcmalloc->classes[i].is_doubtful = true;
	}
}

static int free_cached(struct tcmalloc *tcmalloc, const struct cache *cache, uint64_t at)
{
	for (uint32_t i = 1; i < tcmalloc->n_classes; i++) {
		struct tcmalloc_list list = {
		    .first = cache_word(cache, i * CACHE_LIST_BYTES),
		    .length = list_length(cache, i),
		    .size_class = i,
		};
		int err = tcmalloc_follow(tcmalloc, &list);

		if (err == -ENOMEM)
			return err;
		if (!err)
			continue;
		heap_trouble_note(tcmalloc->walk, err == -EBUSY ? HEAP_BUSY : HEAP_BAD_LIST, at + i * CACHE_LIST_BYTES);
		tcmalloc->classes[i].is_doubtful = true;
	}
	doubt_moving(tcmalloc, cache, at);
	return tcmalloc_note_own(tcmalloc, at, CACHE_BYTES);
}

int tcmalloc_read_caches(struct tcmalloc *tcmalloc)
{
	size_t next = 0;
	uint64_t at = find_caches(tcmalloc, &next);
	struct cache *cache = calloc(1, sizeof(*cache));
	int err = cache ? 0 : -ENOMEM;

	tcmalloc->caches_known = at;
	if (!at)
		heap_trouble_note(tcmalloc->walk, HEAP_NO_CACHES, 0);
	while (!err && at) {
		if (tcmalloc->cache_steps++ >= 2 * MAX_STEPS || !read_cache(tcmalloc, at, cache)) {
			tcmalloc->caches_known = false;
			heap_trouble_note(tcmalloc->walk, HEAP_NO_CACHES, at);
			break;
		}
		err = free_cached(tcmalloc, cache, at);
		at = cache_word(cache, next);
	}
	free(cache);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What threads keep at hand (tcache). A block with lists that no thread's variables lead to is a cache that the
 * program made for itself (tcache.create), or left over from the parent's other threads after a fork.
 */
#include "heap/jemalloc_lists.h"

#define LAST_NOMINAL_STATE 2 /* beyond it a thread has no cache yet, or none any more */

/*
 * What a cache's words lead to. False where that is no block, and so it is not known what is free. Only while a thread
 * is at work may it be none: another has a slab's description half changed, or this one's words are given back.
 */
static bool settle(struct jemalloc *jemalloc, struct jemalloc_cache *cache, bool at_work)
{
	struct heap_walk *walk = jemalloc->walk;

	cache->block->kind = HEAP_METADATA;
	if (!jemalloc_cache_settle(jemalloc, cache, at_work ? JEMALLOC_AT_WORK : JEMALLOC_STILL) ||
	    walk->process->in_allocator)
		return true;
	heap_trouble_note(walk, HEAP_BAD_LIST, cache->lists);
	return false;
}

static bool is_at_work(const struct heap_process *process, size_t thread)
{
	return process->in_allocator && (!process->threads_in_allocator || process->threads_in_allocator[thread]);
}

/* Whether all is known of what a thread keeps. */
static bool free_threads_cache(struct jemalloc *jemalloc, uint64_t variables, bool at_work)
{
	const struct jemalloc_layout *layout = jemalloc->layout;
	uint8_t bytes[JEMALLOC_MAX_THREAD_BYTES];
	struct jemalloc_cache cache;

	if (!jemalloc_read_variables(jemalloc, variables, bytes))
		return false;
	if (bytes[layout->state] > LAST_NOMINAL_STATE || !bytes[layout->has_cache] ||
	    !heap_word(bytes + layout->thread_cache.arena))
		return true;
	return jemalloc_cache_read(jemalloc, &layout->thread_cache, variables, bytes, &cache) &&
	       settle(jemalloc, &cache, at_work);
}

static bool free_threads_caches(struct jemalloc *jemalloc)
{
	const struct heap_process *process = jemalloc->walk->process;
	bool whole = true;
	int64_t distance;

	if (!jemalloc_find_variables(jemalloc, &distance))
		return false;
	for (size_t i = 0; i < process->n_threads; i++)
		if (!free_threads_cache(jemalloc, process->thread_pointers[i] + (uint64_t)distance,
		                        is_at_work(process, i)))
			whole = false;
	return whole;
}

/* Bytes of the block that a cache's lists are in, and `more` with them. */
static uint64_t block_size(const struct jemalloc *jemalloc, uint64_t more)
{
	const struct jemalloc_layout *layout = jemalloc->layout;
	uint64_t mask = layout->lists_align - 1;
	uint64_t bytes = jemalloc->shape.bytes + (layout->has_marks ? sizeof(uint64_t) : 0) + more;

	return jemalloc_block_size(layout, (bytes + mask) & ~mask);
}

/* A block that may hold a cache's lists, by its size and its first word. */
static bool may_hold_lists(const struct jemalloc *jemalloc, const struct heap_extent *block)
{
	const struct jemalloc_layout *layout = jemalloc->layout;
	uint64_t size = block->end - block->start, word;

	if (!jemalloc_is_in_use(block) || block->start % layout->lists_align)
		return false;
	/* Without a thread's cache it is not known how large one is. */
	if (!jemalloc->shape.bytes && size < layout->own_cache.bytes)
		return false;
	if (jemalloc->shape.bytes && size != block_size(jemalloc, 0) &&
	    size != block_size(jemalloc, layout->own_cache.bytes))
		return false;
	return !layout->has_marks ||
	       (heap_read(jemalloc->walk, block->start, &word, sizeof(word)) && word == JEMALLOC_MARK_BEFORE);
}

/* A cache that the program made for itself. */
static bool free_own_cache(struct jemalloc *jemalloc, const struct heap_extent *block)
{
	const struct jemalloc_layout *layout = jemalloc->layout;
	uint64_t at = block->start + (layout->has_marks ? jemalloc->shape.bytes + sizeof(at) : 0);
	uint8_t bytes[JEMALLOC_MAX_THREAD_BYTES];
	struct jemalloc_cache cache;

	return block->end - at >= layout->own_cache.bytes &&
	       heap_read(jemalloc->walk, at, bytes, layout->own_cache.bytes) &&
	       heap_word(bytes + layout->own_cache.arena) &&
	       jemalloc_cache_read(jemalloc, &layout->own_cache, at, bytes, &cache) &&
	       settle(jemalloc, &cache, jemalloc->walk->process->in_allocator);
}

/* What lists that are nobody's hold may be free. */
static void doubt_listed(struct jemalloc *jemalloc, struct heap_extent *block)
{
	struct jemalloc_cache cache = {.block = block, .lists = block->start};
	uint64_t doubtful = jemalloc->n_doubtful;

	if (!jemalloc->layout->has_marks && block->end - block->start != block_size(jemalloc, 0))
		cache.lists += jemalloc->layout->own_cache.bytes;
	jemalloc_cache_settle(jemalloc, &cache, JEMALLOC_NO_HEADS);
	if (jemalloc->n_doubtful == doubtful && !jemalloc->layout->has_marks)
		return;
	block->kind = HEAP_MAYBE_USED;
	heap_trouble_note(jemalloc->walk, HEAP_NO_CACHES, block->start);
}

/* The caches' lists lead to free blocks, and to those that were in them once. 0 or -ENOMEM. */
static int tell_variables(struct jemalloc *jemalloc)
{
	struct heap *heap = jemalloc->walk->heap;
	int err = 0;

	for (size_t i = 0; i < heap->n_areas && !err; i++)
		for (size_t j = heap->areas[i].first; j < heap->areas[i].first + heap->areas[i].n && !err; j++)
			if (heap->areas[i].allocator == jemalloc->walk->allocator &&
			    heap->extents[j].kind == HEAP_METADATA)
				err = heap_variables_add(jemalloc->walk, heap->extents[j].start, heap->extents[j].end);
	return err;
}

static void free_other_caches(struct jemalloc *jemalloc)
{
	struct heap *heap = jemalloc->walk->heap;

	for (size_t i = 0; i < heap->n_areas; i++)
		for (size_t j = heap->areas[i].first; j < heap->areas[i].first + heap->areas[i].n; j++) {
			struct heap_extent *block = &heap->extents[j];

			if (heap->areas[i].allocator != jemalloc->walk->allocator || !may_hold_lists(jemalloc, block) ||
			    free_own_cache(jemalloc, block))
				continue;
			doubt_listed(jemalloc, block);
			/* It was not told how long the lists are. */
			if (jemalloc->layout->has_marks && !jemalloc->shape.bytes)
				jemalloc->caches_known = false;
		}
}

/* All that threads might keep may be free. */
static void doubt_all(const struct jemalloc *jemalloc)
{
	struct heap *heap = jemalloc->walk->heap;
	uint64_t max_bytes = jemalloc_class_size(jemalloc->layout, jemalloc->layout->max_lists - 1);

	for (size_t i = 0; i < heap->n_areas; i++)
		for (size_t j = heap->areas[i].first; j < heap->areas[i].first + heap->areas[i].n; j++) {
			struct heap_extent *block = &heap->extents[j];

			if (heap->areas[i].allocator == jemalloc->walk->allocator && block->kind == HEAP_USED &&
			    block->end - block->start <= max_bytes)
				block->kind = HEAP_MAYBE_USED;
		}
}

int jemalloc_read_caches(struct jemalloc *jemalloc)
{
	struct heap_walk *walk = jemalloc->walk;

	jemalloc->caches_known = free_threads_caches(jemalloc);
	free_other_caches(jemalloc);
	if (jemalloc->n_doubtful && walk->process->in_allocator)
		heap_trouble_note(walk, HEAP_BUSY, jemalloc->root);
	if (!jemalloc->caches_known) {
		heap_trouble_note(walk, HEAP_NO_CACHES, jemalloc->root);
		doubt_all(jemalloc);
	}
	return tell_variables(jemalloc);
}

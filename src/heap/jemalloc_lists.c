// SPDX-License-Identifier: GPL-2.0-or-later
#include "heap/jemalloc_lists.h"

#include <string.h>

#define MAX_LISTS_BYTES (16UL << 20)

bool jemalloc_is_in_use(const struct heap_extent *block)
{
	return block && (block->kind == HEAP_USED || block->kind == HEAP_MAYBE_USED);
}

static bool read_lists(const struct jemalloc *jemalloc, const struct jemalloc_cache_layout *layout,
                       const uint8_t *bytes, struct jemalloc_cache *cache)
{
	uint32_t n_small = jemalloc_small_classes(jemalloc->layout);

	for (uint32_t i = 0; i < jemalloc->layout->max_lists; i++) {
		const uint8_t *at = i < n_small ? bytes + layout->small_lists + i * JEMALLOC_LIST_BYTES
		                                : bytes + layout->large_lists + (i - n_small) * JEMALLOC_LIST_BYTES;

		cache->list[i] = jemalloc->layout->list(at);
		if (cache->list[i].head % sizeof(uint64_t) || cache->list[i].head > cache->list[i].end)
			return false;
	}
	return true;
}

/* The block that the lists are in. */
static bool find_block(const struct jemalloc *jemalloc, const struct jemalloc_cache_layout *layout,
                       const uint8_t *bytes, struct jemalloc_cache *cache)
{
	uint64_t inside = layout->memory ? heap_word(bytes + layout->memory) : cache->list[0].end - sizeof(uint64_t);
	const struct heap_extent *block;
	enum heap_kind kind;

	if (!heap_find(jemalloc->walk->heap, inside, &kind, &block) || !block ||
	    (layout->memory && block->start != inside))
		return false;
	cache->block = heap_extent_at(jemalloc->walk, block->start);
	return jemalloc_is_in_use(cache->block);
}

/* Where the lists end. They follow each other; classes that are not kept have none. */
static bool read_shape(const struct jemalloc *jemalloc, const struct jemalloc_cache *cache,
                       struct jemalloc_shape *shape)
{
	uint64_t bytes = cache->block->end - cache->lists, last = jemalloc->layout->has_marks ? sizeof(uint64_t) : 0;

	*shape = (struct jemalloc_shape){0};
	for (uint32_t i = 0; i < jemalloc->layout->max_lists; i++) {
		uint64_t end = cache->list[i].end - cache->lists;

		if (!cache->list[i].end || !end)
			continue;
		if (end <= last || end > bytes || end % sizeof(uint64_t) || end > MAX_LISTS_BYTES ||
		    cache->list[i].head - cache->lists < last)
			return false;
		shape->ends[i] = (uint32_t)end;
		shape->n_lists = i + 1;
		last = end;
	}
	shape->bytes = (uint32_t)last;
	return shape->n_lists;
}

static bool are_marked(const struct jemalloc *jemalloc, const struct jemalloc_cache *cache,
                       const struct jemalloc_shape *shape)
{
	uint64_t before, behind;

	return !jemalloc->layout->has_marks ||
	       (heap_read(jemalloc->walk, cache->lists, &before, sizeof(before)) && before == JEMALLOC_MARK_BEFORE &&
	        heap_read(jemalloc->walk, cache->lists + shape->bytes, &behind, sizeof(behind)) &&
	        behind == JEMALLOC_MARK_BEHIND);
}

bool jemalloc_cache_read(struct jemalloc *jemalloc, const struct jemalloc_cache_layout *layout, uint64_t address,
                         const uint8_t *bytes, struct jemalloc_cache *cache)
{
	struct jemalloc_shape shape;

	for (uint32_t i = 0; i < layout->n_links; i++)
		if (heap_word(bytes + layout->links[i].at) != address + layout->links[i].to)
			return false;
	if (!read_lists(jemalloc, layout, bytes, cache) || !find_block(jemalloc, layout, bytes, cache))
		return false;
	cache->lists = cache->block->start;
	/* It may lie in the same block before its lists. */
	if (cache->lists == address)
		cache->lists += layout->bytes;
	if (cache->lists >= cache->block->end || !read_shape(jemalloc, cache, &shape) ||
	    !are_marked(jemalloc, cache, &shape) ||
	    (jemalloc->shape.bytes && memcmp(&shape, &jemalloc->shape, sizeof(shape)) != 0))
		return false;
	jemalloc->shape = shape;
	return true;
}

/* The block in use of a size class that a list's word leads to, or NULL. */
static struct heap_extent *listed(const struct jemalloc *jemalloc, uint64_t word, uint32_t size_class)
{
	struct heap_extent *block = word ? heap_extent_at(jemalloc->walk, word) : NULL;

	return jemalloc_is_in_use(block) &&
	               block->end - block->start == jemalloc_class_size(jemalloc->layout, size_class)
	           ? block
	           : NULL;
}

/*
 * One word of a list. False where it should lead to a block and does not. While a list is changed, its first word may
 * not have been written yet, and what stands before it may be what the list is being filled with.
 */
static bool settle_listed(struct jemalloc *jemalloc, uint64_t word, uint32_t size_class, bool before_head, bool is_head,
                          enum jemalloc_reading reading)
{
	struct heap_extent *block = listed(jemalloc, word, size_class);

	if (!block)
		return before_head;
	if (reading != JEMALLOC_STILL && (before_head || is_head)) {
		block->kind = HEAP_MAYBE_USED;
		jemalloc->n_doubtful++;
	} else if (!before_head) {
		block->kind = HEAP_FREE;
	}
	return true;
}

static size_t settle_list(struct jemalloc *jemalloc, uint64_t at, uint64_t head, uint64_t end, uint32_t size_class,
                          enum jemalloc_reading reading)
{
	size_t n_strange = 0;

	for (; at < end; at += sizeof(at)) {
		const uint8_t *bytes = heap_window_at(jemalloc->walk, at, sizeof(at));

		if (!bytes || !settle_listed(jemalloc, heap_word(bytes), size_class, at < head, at == head, reading))
			n_strange++;
	}
	return n_strange;
}

size_t jemalloc_cache_settle(struct jemalloc *jemalloc, const struct jemalloc_cache *cache,
                             enum jemalloc_reading reading)
{
	uint64_t at = cache->lists + (jemalloc->layout->has_marks ? sizeof(at) : 0);
	size_t n_strange = 0;

	heap_window_open(jemalloc->walk, at, cache->lists + jemalloc->shape.bytes);
	for (uint32_t i = 0; i < jemalloc->shape.n_lists; i++) {
		uint64_t end = cache->lists + jemalloc->shape.ends[i];
		uint64_t head = reading == JEMALLOC_NO_HEADS ? end : cache->list[i].head;

		if (!jemalloc->shape.ends[i])
			continue;
		n_strange += settle_list(jemalloc, at, head, end, i, reading);
		at = end;
	}
	return n_strange;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chunks one behind the other. Each says how long it is, and whether the one before it is in use; that one's length
 * stands before it too if it is not. So a chain that reaches the heap's end has proved itself.
 */
#include <errno.h>

#include "heap/glibc_state.h"

struct chunk {
	uint64_t at;
	uint64_t size;      /* bytes; 0: none */
	uint64_t prev_size; /* of the chunk before it, if that is free */
	uint32_t flags;
};

static bool read_chunk(struct heap_walk *walk, uint64_t at, struct chunk *chunk)
{
	const uint8_t *bytes = heap_window_at(walk, at, CHUNK_HEADER_BYTES);
	uint64_t word;

	if (!bytes)
		return false;
	word = heap_word(bytes + 8);
	*chunk = (struct chunk){at, word & ~(uint64_t)CHUNK_FLAGS, heap_word(bytes), word & CHUNK_FLAGS};
	return true;
}

static int give_up(struct heap_walk *walk, const struct glibc_range *range, enum heap_trouble trouble, uint64_t at)
{
	heap_trouble_note(walk, trouble, at);
	return heap_area_give_up(walk, range->start);
}

/* Is the chunk's length one that a chunk may have that lies before `end`? */
static bool is_possible(const struct chunk *chunk, const struct glibc_arena *arena, uint64_t end)
{
	if (chunk->size < CHUNK_MIN_BYTES || chunk->size % CHUNK_ALIGN || chunk->size > end - chunk->at)
		return false;
	return !(chunk->flags & CHUNK_MMAPPED) && !(arena->is_main && chunk->flags & CHUNK_OTHER_ARENA);
}

/* Writes down a chunk by what the next one says of it. 0 or -errno; -EBADMSG when they contradict each other. */
static int add_chunk(struct heap_walk *walk, const struct glibc_arena *arena, const struct chunk *chunk,
                     const struct chunk *next)
{
	uint64_t start = chunk->at + CHUNK_HEADER_BYTES;
	bool is_marked = arena->is_main || chunk->flags & CHUNK_OTHER_ARENA;

	if (!(next->flags & CHUNK_PREV_IN_USE)) {
		if (next->prev_size != chunk->size)
			return -EBADMSG;
		return heap_area_add(walk, start, next->at, HEAP_FREE);
	}
	/* A block in use has the next chunk's first word too. */
	return heap_area_add(walk, start, next->at + sizeof(uint64_t),
	                     arena->busy || !is_marked ? HEAP_MAYBE_USED : HEAP_USED);
}

/* What stands where a heap could not go on: a chunk too small to be one, and one of no length or as small. */
static int end_at_fence(struct heap_walk *walk, const struct glibc_range *range, const struct glibc_arena *arena,
                        const struct chunk *fence)
{
	uint64_t fence_end = fence->at + 2 * CHUNK_HEADER_BYTES;
	struct chunk second;

	if (fence->size == CHUNK_HEADER_BYTES) {
		if (!read_chunk(walk, fence->at + CHUNK_HEADER_BYTES, &second))
			return give_up(walk, range, HEAP_UNREADABLE, fence->at);
	} else {
		second = *fence;
		fence_end = fence->at + CHUNK_HEADER_BYTES;
	}
	if (second.size != (arena->is_main ? CHUNK_HEADER_BYTES : 0) || fence_end > range->end ||
	    (range->has_top && !arena->is_main))
		return give_up(walk, range, HEAP_BROKEN, fence->at);
	if (!arena->is_main || fence_end == range->end)
		return 0;
	heap_trouble_note(walk, HEAP_FOREIGN, fence_end);
	return heap_area_give_up(walk, fence_end);
}

/* 0, 1 at the end of the range, or -errno. */
static int step(struct glibc *glibc, const struct glibc_range *range, struct chunk *last, struct chunk *chunk)
{
	struct heap_walk *walk = glibc->walk;
	const struct glibc_arena *arena = &glibc->arenas[range->arena];
	bool is_top = range->has_top && chunk->at == arena->top;
	bool is_fence = !is_top && chunk->size < CHUNK_MIN_BYTES;
	int err = 0;

	if (last->size) {
		/* Where there was no room for a fence, the last chunk is one. */
		if (is_fence && !chunk->size && !(last->flags & CHUNK_OTHER_ARENA) && last->size == CHUNK_MIN_BYTES)
			err = heap_area_add(walk, last->at, chunk->at, HEAP_METADATA);
		else
			err = add_chunk(walk, arena, last, chunk);
	} else if (!(chunk->flags & CHUNK_PREV_IN_USE)) {
		err = -EBADMSG;
	}
	if (err)
		return err;
	if (is_top && chunk->at + chunk->size != range->end)
		return -EBADMSG;
	if (is_top) {
		err = heap_area_add(walk, chunk->at + CHUNK_HEADER_BYTES, range->end, HEAP_FREE);
		return err ? err : 1;
	}
	if (is_fence) {
		err = end_at_fence(walk, range, arena, chunk);
		return err ? err : 1;
	}
	if (!is_possible(chunk, arena, range->has_top && chunk->at < arena->top ? arena->top : range->end))
		return -EBADMSG;
	*last = *chunk;
	return 0;
}

int glibc_walk_chunks(struct glibc *glibc, const struct glibc_range *range)
{
	struct heap_walk *walk = glibc->walk;
	struct chunk last = {0}, chunk;
	uint64_t at = range->first;
	int err = heap_area_open(walk, range->start, range->end);

	if (err)
		return err == -EEXIST ? 0 : err;
	heap_window_open(walk, range->first, range->end);
	do {
		if (!read_chunk(walk, at, &chunk))
			return give_up(walk, range, HEAP_UNREADABLE, at);
		err = step(glibc, range, &last, &chunk);
		at = chunk.at + chunk.size;
	} while (!err);
	if (err == -E2BIG)
		return heap_area_give_up(walk, range->start);
	if (err == -EBADMSG)
		return give_up(walk, range, HEAP_BROKEN, chunk.at);
	return err > 0 ? 0 : err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One successful mmap (or growth of the break). Held by its ranges, stashed ones included. */
struct mapping_origin {
	uint32_t stack;
	size_t parts; /* ranges of it that are mapped */
	size_t holders;
};

/* What a thread's system call is about to unmap, until the thread's next one. */
struct stash {
	bool used;
	uint32_t thread;
	uint64_t start, end;
	struct range *pieces;
	size_t n_pieces;
};

/*
 * Nothing tells when a call that succeeded, or a thread, has ended: so stashes have as many
 * places as this, by thread ID. One that was displaced while it was needed is missed (-ENOENT).
 */
#define STASHES 4096

struct ranges {
	struct ranges_stats stats;
	struct range *space, *rows; /* free at both ends: addresses are mostly given out downwards */
	size_t n, size;
	struct stash stashes[STASHES];
};

struct ranges *ranges_new(const struct ranges_stats *stats)
{
	struct ranges *ranges = calloc(1, sizeof(*ranges));

	if (ranges)
		ranges->stats = *stats;
	return ranges;
}

static void origin_release(struct mapping_origin *origin)
{
	if (--origin->holders == 0)
		free(origin);
}

static void stash_drop(struct stash *stash)
{
	for (size_t i = 0; i < stash->n_pieces; i++)
		origin_release(stash->pieces[i].origin);
	free(stash->pieces);
	memset(stash, 0, sizeof(*stash));
}

static struct stash *stash_find(struct ranges *ranges, uint32_t thread)
{
	struct stash *stash = &ranges->stashes[thread % STASHES];

	return stash->used && stash->thread == thread ? stash : NULL;
}

void ranges_clear(struct ranges *ranges)
{
	for (size_t i = 0; i < STASHES; i++)
		stash_drop(&ranges->stashes[i]);
	for (size_t i = 0; i < ranges->n; i++)
		origin_release(ranges->rows[i].origin);
	ranges->n = 0;
}

void ranges_free(struct ranges *ranges)
{
	if (!ranges)
		return;
	ranges_clear(ranges);
	free(ranges->space);
	free(ranges);
}

const struct range *ranges_all(const struct ranges *ranges, size_t *n)
{
	*n = ranges->n;
	return ranges->rows;
}

/* Index of the first range that ends after the address. */
static size_t first_after(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->rows[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room at both ends: at least a quarter of the space at each. */
static int make_room(struct ranges *ranges)
{
	size_t size = ranges->size ? ranges->size : 64;
	struct range *space;

	if (ranges->n > size / 2)
		size *= 2;
	space = calloc(size, sizeof(*space));
	if (!space)
		return -ENOMEM;
	if (ranges->n)
		memcpy(space + (size - ranges->n) / 2, ranges->rows, ranges->n * sizeof(*space));
	free(ranges->space);
	ranges->space = space;
	ranges->rows = space + (size - ranges->n) / 2;
	ranges->size = size;
	return 0;
}

/* True when there is no place left at that end. */
static bool at_end(const struct ranges *ranges, bool front)
{
	if (front)
		return ranges->rows == ranges->space;
	return ranges->rows + ranges->n == ranges->space + ranges->size;
}

static int insert_at(struct ranges *ranges, size_t index, const struct range *range)
{
	bool front = index < ranges->n / 2;
	int error = 0;

	if (at_end(ranges, front))
		error = make_room(ranges);
	if (error)
		return error;
	if (front) {
		ranges->rows--;
		memmove(&ranges->rows[0], &ranges->rows[1], index * sizeof(*range));
	} else {
		memmove(&ranges->rows[index + 1], &ranges->rows[index], (ranges->n - index) * sizeof(*range));
	}
	ranges->rows[index] = *range;
	ranges->n++;
	range->origin->parts++;
	range->origin->holders++;
	return 0;
}

static void remove_at(struct ranges *ranges, size_t index)
{
	struct mapping_origin *origin = ranges->rows[index].origin;

	ranges->n--;
	if (index < ranges->n / 2) {
		memmove(&ranges->rows[1], &ranges->rows[0], index * sizeof(*ranges->rows));
		ranges->rows++;
	} else {
		memmove(&ranges->rows[index], &ranges->rows[index + 1],
			(ranges->n - index) * sizeof(*ranges->rows));
	}
	origin->parts--;
	origin_release(origin);
}

static struct usage *usage_of(const struct ranges *ranges, uint32_t stack)
{
	return ranges->stats.of_stack(ranges->stats.context, stack);
}

static int keep_piece(struct stash *stash, const struct range *piece)
{
	struct range *pieces = realloc(stash->pieces, (stash->n_pieces + 1) * sizeof(*pieces));

	if (!pieces)
		return -ENOMEM;
	stash->pieces = pieces;
	pieces[stash->n_pieces++] = *piece;
	piece->origin->holders++;
	return 0;
}

static void drop_piece(struct stash *stash)
{
	origin_release(stash->pieces[--stash->n_pieces].origin);
}

/* Cuts [start, end) out of the range at `index`; what is left of it stays. */
static int cut(struct ranges *ranges, size_t index, uint64_t start, uint64_t end)
{
	struct range *range = &ranges->rows[index];

	if (start <= range->start && end >= range->end) {
		remove_at(ranges, index);
	} else if (start <= range->start) {
		range->start = end;
	} else if (end >= range->end) {
		range->end = start;
	} else {
		struct range tail = *range;
		int error;

		tail.start = end;
		error = insert_at(ranges, index + 1, &tail);
		if (error)
			return error;
		ranges->rows[index].end = start;
	}
	return 0;
}

/* Unmaps [start, end); the pieces go to the stash if there is one. Bytes, or -errno. */
static int64_t unmap(struct ranges *ranges, uint64_t start, uint64_t end, struct stash *stash)
{
	int64_t bytes = 0;

	if (start >= end)
		return 0;
	for (size_t i = first_after(ranges, start); i < ranges->n && ranges->rows[i].start < end;) {
		struct range piece = ranges->rows[i];
		struct usage *usage = usage_of(ranges, piece.stack);
		size_t before = ranges->n;
		int error;

		if (piece.start < start)
			piece.start = start;
		if (piece.end > end)
			piece.end = end;
		if (!usage || (stash && keep_piece(stash, &piece)))
			return -ENOMEM;
		piece.origin->holders++;
		error = cut(ranges, i, piece.start, piece.end);
		if (!error) {
			usage->free_bytes += piece.end - piece.start;
			usage->free_count += piece.origin->parts == 0;
			bytes += piece.end - piece.start;
		} else if (stash) {
			drop_piece(stash);
		}
		origin_release(piece.origin);
		if (error)
			return error;
		if (ranges->n >= before)
			i++;
	}
	return bytes;
}

static int map_new(struct ranges *ranges, struct range *range)
{
	struct usage *usage = usage_of(ranges, range->stack);
	struct mapping_origin *origin;
	int error;

	if (!usage)
		return -ENOMEM;
	origin = calloc(1, sizeof(*origin));
	if (!origin)
		return -ENOMEM;
	origin->stack = range->stack;
	range->origin = origin;
	error = insert_at(ranges, first_after(ranges, range->start), range);
	if (error) {
		free(origin);
		return error;
	}
	usage->alloc_bytes += range->end - range->start;
	usage->alloc_count++;
	return 0;
}

int64_t ranges_map(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t stack, uint16_t node,
		   uint64_t time_ns)
{
	struct range range = { .start = start, .end = end, .stack = stack, .node = node, .time_ns = time_ns };
	int64_t replaced;
	int error;

	if (end <= start)
		return -EINVAL;
	replaced = unmap(ranges, start, end, NULL);
	if (replaced < 0)
		return replaced;
	error = map_new(ranges, &range);
	return error ? error : replaced;
}

int ranges_unmap(struct ranges *ranges, uint64_t start, uint64_t end)
{
	int64_t bytes = unmap(ranges, start, end, NULL);

	return bytes < 0 ? (int)bytes : 0;
}

int ranges_take(struct ranges *ranges, uint32_t thread, uint64_t start, uint64_t end)
{
	struct stash *stash = &ranges->stashes[thread % STASHES];
	int64_t bytes;

	stash_drop(stash);
	*stash = (struct stash){ .used = true, .thread = thread, .start = start, .end = end };
	bytes = unmap(ranges, start, end, stash);
	return bytes < 0 ? (int)bytes : 0;
}

/* Parts of one mapping beside each other as they were at first, not as a move happened to place them. */
static bool continues(const struct range *left, const struct range *right)
{
	return left->end == right->start && left->origin == right->origin && left->shift == right->shift;
}

/* Puts a piece where it belongs, joined with what is left of its block beside it. */
static int put_back(struct ranges *ranges, const struct range *piece)
{
	size_t index = first_after(ranges, piece->start);
	struct range *left = index ? &ranges->rows[index - 1] : NULL;
	struct range *right = index < ranges->n ? &ranges->rows[index] : NULL;
	bool joins_left = left && continues(left, piece);
	bool joins_right = right && continues(piece, right);

	if (joins_left && joins_right) {
		left->end = right->end;
		remove_at(ranges, index);
		return 0;
	}
	if (joins_left) {
		left->end = piece->end;
		return 0;
	}
	if (joins_right) {
		right->start = piece->start;
		return 0;
	}
	return insert_at(ranges, index, piece);
}

/* Takes back that the piece was counted as freed, and puts it back. */
static int unfree(struct ranges *ranges, const struct range *piece)
{
	struct usage *usage = usage_of(ranges, piece->stack);
	bool was_last = piece->origin->parts == 0;
	int error;

	if (!usage)
		return -ENOMEM;
	error = put_back(ranges, piece);
	if (error)
		return error;
	usage->free_bytes -= piece->end - piece->start;
	usage->free_count -= was_last;
	return 0;
}

/* What another thread has mapped over a piece meanwhile stays. */
static int restore_piece(struct ranges *ranges, const struct range *piece)
{
	struct range part = *piece;

	while (part.start < piece->end) {
		size_t next = first_after(ranges, part.start);
		uint64_t occupied = next < ranges->n ? ranges->rows[next].start : piece->end;
		uint64_t vacant = next < ranges->n ? ranges->rows[next].end : piece->end;

		part.end = occupied < piece->end ? occupied : piece->end;
		if (part.start < part.end) {
			int error = unfree(ranges, &part);

			if (error)
				return error;
		}
		part.start = occupied < piece->end ? vacant : piece->end;
	}
	return 0;
}

static int restore(struct ranges *ranges, const struct stash *stash)
{
	for (size_t i = 0; i < stash->n_pieces; i++) {
		int error = restore_piece(ranges, &stash->pieces[i]);

		if (error)
			return error;
	}
	return 0;
}

int ranges_restore(struct ranges *ranges, uint32_t thread)
{
	struct stash *stash = stash_find(ranges, thread);
	int error;

	if (!stash)
		return -ENOENT;
	error = restore(ranges, stash);
	stash_drop(stash);
	return error;
}

/* The block that a new one beside it (MREMAP_DONTUNMAP) belongs with. */
static const struct range *duplicated(const struct ranges *ranges, const struct stash *stash)
{
	size_t index = first_after(ranges, stash->start);

	if (stash->n_pieces)
		return &stash->pieces[0];
	if (stash->start == stash->end && index < ranges->n && ranges->rows[index].start <= stash->start)
		return &ranges->rows[index];
	return NULL;
}

static int move_copy(struct ranges *ranges, const struct stash *stash, uint64_t start, uint64_t length,
		     uint64_t time_ns)
{
	const struct range *from = duplicated(ranges, stash);
	int64_t result;
	uint32_t stack;
	uint16_t node;

	if (!from)
		return 0;
	stack = from->stack;
	node = from->node;
	result = restore(ranges, stash);
	if (!result)
		result = ranges_map(ranges, start, start + length, stack, node, time_ns);
	return result < 0 ? (int)result : 0;
}

/* A piece at its new place: cut or grown with the mapping's end. */
static int move_piece(struct ranges *ranges, const struct stash *stash, const struct range *piece, uint64_t start,
		      uint64_t length)
{
	uint64_t at = piece->start - stash->start, end = piece->end - stash->start, growth = 0;
	struct usage *usage = usage_of(ranges, piece->stack);
	struct range moved = *piece;
	int error;

	if (!usage)
		return -ENOMEM;
	if (at >= length)
		return 0;
	if (end > length)
		end = length;
	else if (piece->end == stash->end)
		growth = length - end;
	moved.start = start + at;
	moved.shift += start - stash->start;
	moved.end = start + end + growth;
	error = unfree(ranges, &moved);
	if (error)
		return error;
	usage->free_bytes += growth;
	usage->alloc_bytes += growth;
	return 0;
}

int ranges_move(struct ranges *ranges, uint32_t thread, uint64_t start, uint64_t length, int keep_old,
		uint64_t time_ns)
{
	struct stash *stash = stash_find(ranges, thread);
	int error = 0;

	if (!stash)
		return -ENOENT;
	if (keep_old || stash->start == stash->end) {
		error = move_copy(ranges, stash, start, length, time_ns);
	} else {
		int64_t replaced = unmap(ranges, start, start + length, NULL);

		error = replaced < 0 ? (int)replaced : 0;
		for (size_t i = 0; i < stash->n_pieces && !error; i++)
			error = move_piece(ranges, stash, &stash->pieces[i], start, length);
	}
	stash_drop(stash);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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

/*
 * The ranges stand in a treap: a search tree by address, which do not overlap, that is a heap
 * by random priorities. It is as deep as a tree of random inserts, whatever their order.
 */
struct node {
	struct range range;
	struct node *left, *right;
	uint64_t priority; /* no child's is higher */
};

struct ranges {
	struct ranges_stats stats;
	struct node *root;
	uint64_t random; /* state of the generator; never 0 */
	struct stash stashes[STASHES];
};

struct ranges *ranges_new(const struct ranges_stats *stats)
{
	struct ranges *ranges = calloc(1, sizeof(*ranges));

	if (!ranges)
		return NULL;
	ranges->stats = *stats;
	if (getrandom(&ranges->random, sizeof(ranges->random), GRND_NONBLOCK) < 0)
		ranges->random = (uintptr_t)ranges;
	ranges->random |= 1;
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
	/* Turned to the right until it has no left subtree, each node can go: no recursion. */
	while (ranges->root) {
		struct node *node = ranges->root, *left = node->left;

		if (left) {
			node->left = left->right;
			left->right = node;
			ranges->root = left;
		} else {
			ranges->root = node->right;
			origin_release(node->range.origin);
			free(node);
		}
	}
}

void ranges_free(struct ranges *ranges)
{
	if (!ranges)
		return;
	ranges_clear(ranges);
	free(ranges);
}

/* The first range that ends after the address. */
static struct range *first_after(const struct ranges *ranges, uint64_t address)
{
	struct range *found = NULL;

	for (struct node *node = ranges->root; node;) {
		if (node->range.end > address) {
			found = &node->range;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

/* The last range that starts before the address. */
static struct range *last_before(const struct ranges *ranges, uint64_t address)
{
	struct range *found = NULL;

	for (struct node *node = ranges->root; node;) {
		if (node->range.start < address) {
			found = &node->range;
			node = node->right;
		} else {
			node = node->left;
		}
	}
	return found;
}

int ranges_each(const struct ranges *ranges, int (*each)(void *context, const struct range *range), void *context)
{
	int result = 0;

	for (const struct range *range = first_after(ranges, 0); range && !result;
	     range = first_after(ranges, range->end))
		result = each(context, range);
	return result;
}

void ranges_each_stack(const struct ranges *ranges, void (*each)(void *context, uint32_t stack), void *context)
{
	for (const struct range *range = first_after(ranges, 0); range; range = first_after(ranges, range->end))
		each(context, range->stack);
	for (size_t i = 0; i < STASHES; i++) {
		for (size_t j = 0; j < ranges->stashes[i].n_pieces; j++)
			each(context, ranges->stashes[i].pieces[j].stack);
	}
}

/* Xorshift. */
static uint64_t next_random(struct ranges *ranges)
{
	ranges->random ^= ranges->random << 13;
	ranges->random ^= ranges->random >> 7;
	ranges->random ^= ranges->random << 17;
	return ranges->random;
}

/* Parts a tree into what lies below the address and what does not. */
static void split(struct node *tree, uint64_t address, struct node **low, struct node **high)
{
	while (tree) {
		if (tree->range.start < address) {
			*low = tree;
			low = &tree->right;
			tree = tree->right;
		} else {
			*high = tree;
			high = &tree->left;
			tree = tree->left;
		}
	}
	*low = *high = NULL;
}

/* Joins two trees, of which one lies below the other. */
static void join(struct node *low, struct node *high, struct node **tree)
{
	while (low && high) {
		if (low->priority > high->priority) {
			*tree = low;
			tree = &low->right;
			low = low->right;
		} else {
			*tree = high;
			tree = &high->left;
			high = high->left;
		}
	}
	*tree = low ? low : high;
}

/* The link to the node that starts at the address, or to the first on the way there of a lower priority. */
static struct node **link_to(struct ranges *ranges, uint64_t start, uint64_t priority)
{
	struct node **link = &ranges->root;

	while (*link && (*link)->range.start != start && (*link)->priority >= priority)
		link = start < (*link)->range.start ? &(*link)->left : &(*link)->right;
	return link;
}

static int insert(struct ranges *ranges, const struct range *range)
{
	struct node *node = malloc(sizeof(*node)), **link;

	if (!node)
		return -ENOMEM;
	node->range = *range;
	node->priority = next_random(ranges);
	link = link_to(ranges, range->start, node->priority);
	split(*link, range->start, &node->left, &node->right);
	*link = node;
	range->origin->parts++;
	range->origin->holders++;
	return 0;
}

static void remove_range(struct ranges *ranges, const struct range *range)
{
	struct node **link = link_to(ranges, range->start, 0), *node = *link;

	join(node->left, node->right, link);
	node->range.origin->parts--;
	origin_release(node->range.origin);
	free(node);
}

static struct usage *usage_of(const struct ranges *ranges, uint32_t stack)
{
	return ranges->stats.of_stack(ranges->stats.context, stack);
}

static int keep_piece(struct stash *stash, const struct range *piece)
{
	size_t n = stash->n_pieces;

	if (!(n & (n - 1))) { /* full: a power of two, or none */
		struct range *pieces = realloc(stash->pieces, (n ? 2 * n : 1) * sizeof(*pieces));

		if (!pieces)
			return -ENOMEM;
		stash->pieces = pieces;
	}
	stash->pieces[stash->n_pieces++] = *piece;
	piece->origin->holders++;
	return 0;
}

static void drop_piece(struct stash *stash)
{
	origin_release(stash->pieces[--stash->n_pieces].origin);
}

/* Cuts [start, end), a part of it, out of the range; what is left of it stays. */
static int cut(struct ranges *ranges, struct range *range, uint64_t start, uint64_t end)
{
	if (start == range->start && end == range->end) {
		remove_range(ranges, range);
	} else if (start == range->start) {
		range->start = end;
	} else if (end == range->end) {
		range->end = start;
	} else {
		struct range tail = *range;
		int error;

		tail.start = end;
		error = insert(ranges, &tail);
		if (error)
			return error;
		range->end = start;
	}
	return 0;
}

/* Unmaps [start, end); the pieces go to the stash if there is one. Bytes, or -errno. */
static int64_t unmap(struct ranges *ranges, uint64_t start, uint64_t end, struct stash *stash)
{
	struct range *range;
	int64_t bytes = 0;

	if (start >= end)
		return 0;
	while ((range = first_after(ranges, start)) && range->start < end) {
		struct range piece = *range;
		struct usage *usage = usage_of(ranges, piece.stack);
		bool is_last;
		int error;

		if (piece.start < start)
			piece.start = start;
		if (piece.end > end)
			piece.end = end;
		if (!usage || (stash && keep_piece(stash, &piece)))
			return -ENOMEM;
		is_last = piece.origin->parts == 1 && piece.start == range->start && piece.end == range->end;
		error = cut(ranges, range, piece.start, piece.end);
		if (error) {
			if (stash)
				drop_piece(stash);
			return error;
		}
		usage->free_bytes += piece.end - piece.start;
		usage->free_count += is_last;
		bytes += piece.end - piece.start;
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
	error = insert(ranges, range);
	if (error) {
		free(origin);
		return error;
	}
	usage->alloc_bytes += range->end - range->start;
	usage->alloc_count++;
	return 0;
}

int64_t ranges_map(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t stack, uint16_t node, uint64_t time_ns)
{
	struct range range = {.start = start, .end = end, .stack = stack, .node = node, .time_ns = time_ns};
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
	*stash = (struct stash){.used = true, .thread = thread, .start = start, .end = end};
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
	struct range *left = last_before(ranges, piece->start), *right = first_after(ranges, piece->start);
	bool joins_left = left && continues(left, piece);
	bool joins_right = right && continues(piece, right);

	if (joins_left && joins_right) {
		left->end = right->end;
		remove_range(ranges, right);
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
	return insert(ranges, piece);
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
		const struct range *next = first_after(ranges, part.start);
		uint64_t occupied = next ? next->start : piece->end, vacant = next ? next->end : piece->end;

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
	const struct range *range = first_after(ranges, stash->start);

	if (stash->n_pieces)
		return &stash->pieces[0];
	return stash->start == stash->end && range && range->start <= stash->start ? range : NULL;
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

int ranges_move(struct ranges *ranges, uint32_t thread, uint64_t start, uint64_t length, int keep_old, uint64_t time_ns)
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

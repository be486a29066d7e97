// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks remembered. Most allocations come from a stack that was walked a moment ago. A walk's
 * outcome depends on where it started and on the words that it read: where all of these are the
 * same, so is the stack, and comparing them costs one read of the user's memory instead of one
 * a frame. Nothing is ever taken to be the same that was not compared.
 */
#include "memos.bpf.h"

#define MEMOS 2048
#define WAYS 4 /* memos that the same start may be in: it may lead to several stacks */

struct memo {
	__u32 busy;
	__u32 stack;
	struct start start;
	__u32 n;
	__u32 used_bp;
	__u32 turn; /* of a set's first: counts what was put into the set */
	__u32 spare;
	__u16 at[MEMO_WORDS];
	__u64 word[MEMO_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MEMOS);
	__type(key, __u32);
	__type(value, struct memo);
} memos SEC(".maps");

static __always_inline struct memo *memo_of(const struct start *start, __u32 way)
{
	__u64 hash = (start->pc ^ start->sp << 17) * 0x9E3779B97F4A7C15ULL;
	__u32 index = (hash >> 55) * WAYS + (way & (WAYS - 1)); /* of MEMOS */

	return bpf_map_lookup_elem(&memos, &index);
}

static __always_inline bool same_start(const struct memo *memo, const struct start *start)
{
	const struct start *one = &memo->start;

	return one->pc == start->pc && one->sp == start->sp && (one->bp == start->bp || !memo->used_bp) &&
	       one->owner == start->owner && one->version == start->version;
}

/* Programs can be preempted, and run on several CPUs: who finds a memo in use does without it. */
static __always_inline bool memo_claim(struct memo *memo)
{
	return !__sync_lock_test_and_set(&memo->busy, 1);
}

static __always_inline void memo_release(struct memo *memo)
{
	barrier();
	memo->busy = 0;
}

static __always_inline bool same_words(const struct memo *memo, const struct window *window)
{
	for (__u32 i = 0; i < MEMO_WORDS; i++) {
		if (i >= memo->n)
			break;
		if (window->word[memo->at[i] & (MT_WINDOW_WORDS - 1)] != memo->word[i])
			return false;
	}
	return true;
}

static __always_inline bool window_read_again(struct window *window, struct start *start, __u32 bytes)
{
	/* The verifier must see a bound on the very register that the helper gets. */
	OPAQUE(bytes);
	bytes &= sizeof(*window) - 8;
	if (bpf_probe_read_user(window, bytes, (void *)start->sp)) {
		start->window_bytes = 0;
		return false;
	}
	start->window_bytes = bytes;
	return true;
}

/* The number of the stack that the memo remembers, if it is of this start and these words; or -1. */
__noinline int memo_check(struct start *start, struct window *window, __u32 way)
{
	struct memo *memo;
	int stack = -1;

	if (!start || !window)
		return -1;
	memo = memo_of(start, way);
	if (!memo || !same_start(memo, start) || !memo_claim(memo))
		return -1;
	if (same_start(memo, start)) {
		__u32 bytes = memo->start.extent_bytes;

		start->extent_bytes = bytes;
		if ((bytes <= start->window_bytes || window_read_again(window, start, bytes)) &&
		    same_words(memo, window))
			stack = memo->stack;
	}
	memo_release(memo);
	return stack;
}

__noinline int memo_find(struct start *start, struct window *window)
{
	if (!start || !window)
		return -1;
	for (__u32 way = 0; way < WAYS; way++) {
		int stack = memo_check(start, window, way);

		if (stack >= 0)
			return stack;
	}
	return -1;
}

__noinline int memo_keep(struct start *start, struct reads *reads, __u32 stack)
{
	struct memo *first, *memo;

	if (!start || !reads)
		return 0;
	first = memo_of(start, 0);
	memo = first ? memo_of(start, first->turn++) : NULL;
	if (!memo || !memo_claim(memo))
		return 0;
	memo->start = *start;
	memo->stack = stack;
	memo->n = reads->n;
	memo->used_bp = reads->used_bp;
	memo->start.extent_bytes = reads->extent_bytes;
	for (__u32 i = 0; i < MEMO_WORDS; i++) {
		if (i >= reads->n)
			break;
		memo->at[i] = reads->at[i];
		memo->word[i] = reads->word[i];
	}
	memo_release(memo);
	return 0;
}

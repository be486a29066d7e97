/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_MEMOS_BPF_H
#define MEMTRACE_MEMOS_BPF_H

#include "tables.bpf.h"
#include "threads.bpf.h"

#define MEMO_WORDS 64 /* that a walk may have used for it to be remembered */

/* A piece of a thread's stack, copied to be looked at. */
#define MT_WINDOW_WORDS 512

struct window {
	__u64 word[MT_WINDOW_WORDS];
};

/* The words of the user's stack that a walk used: all that its outcome depends on beside its start. */
struct reads {
	__u64 base; /* where the walk began; offsets count from there */
	__u32 n;
	__u32 extent_bytes;
	__u32 uncertain;      /* it also used what is not in here */
	__u32 used_bp;        /* it depends on the frame pointer that it began with */
	__u16 at[MEMO_WORDS]; /* offsets, in words */
	__u64 word[MEMO_WORDS];
};

/* What a walk starts from. */
struct start {
	__u64 pc, sp, bp;
	__u32 owner, version;
	__u32 extent_bytes; /* out: how much of the stack it takes to know the walk */
	__u32 window_bytes; /* of the stack, that the window holds; more is read where it takes more */
};

static __always_inline void reads_begin(struct reads *reads, __u64 base)
{
	reads->base = base;
	reads->n = 0;
	reads->extent_bytes = 0;
	reads->uncertain = !base;
	reads->used_bp = 0;
}

/* One word that a walk used. */
static __always_inline void reads_add(struct reads *reads, __u64 address, __u64 value)
{
	__u64 offset = address - reads->base;
	__u32 n = reads->n;

	if (n >= MEMO_WORDS || offset >= (MT_WINDOW_WORDS - 1) * 8 || offset & 7) {
		reads->uncertain = 1;
		return;
	}
	reads->at[n & (MEMO_WORDS - 1)] = offset / 8;
	reads->word[n & (MEMO_WORDS - 1)] = value;
	reads->n = n + 1;
	if (offset + 8 > reads->extent_bytes)
		reads->extent_bytes = offset + 8;
}

/* The number of the stack that a walk from this start ended in, or -1 when it is not remembered. */
int memo_find(struct start *start, struct window *window);
int memo_keep(struct start *start, struct reads *reads, __u32 stack);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_MEMOS_BPF_H
#define MEMTRACE_MEMOS_BPF_H

#include "tables.bpf.h"
#include "threads.bpf.h"

#define MEMO_WORDS 64 /* that a walk may have used for it to be remembered */

/* The words of the user's stack that a walk used: all that its outcome depends on beside its start. */
struct reads {
	__u64 base; /* where the walk began; offsets count from there */
	__u32 n;
	__u32 extent_bytes;
	__u32 uncertain;      /* it also used what is not in here */
	__u32 version;        /* the process's walk_version before the walk */
	__u16 at[MEMO_WORDS]; /* offsets, in words */
	__u64 word[MEMO_WORDS];
};

/* What a walk starts from. */
struct start {
	__u64 pc, sp, bp;
	__u32 owner, version;
	__u32 extent_bytes; /* out: how much of the stack it takes to know the walk */
	__u32 spare;
};

static __always_inline void reads_begin(struct reads *reads, __u64 base, __u32 version)
{
	reads->base = base;
	reads->n = 0;
	reads->extent_bytes = 0;
	reads->uncertain = !base;
	reads->version = version;
}

/* One word that a walk used. */
int reads_add(struct reads *reads, __u64 address, __u64 value);
/*
 * The number of the stack that a walk from this start ended in, or -1 when it is not remembered.
 * The window holds so many bytes of the stack from start->sp on.
 */
int memo_find(struct start *start, struct window *window, __u32 window_bytes);
int memo_keep(struct start *start, struct reads *reads, __u32 stack);

#endif

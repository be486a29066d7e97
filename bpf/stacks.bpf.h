/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_STACKS_BPF_H
#define MEMTRACE_STACKS_BPF_H

#include "memos.bpf.h"
#include "tables.bpf.h"

/* Where a walk stands: the next frame's return address and its caller's registers. */
struct cursor {
	__u64 pc, sp, bp;
};

struct scratch {
	__u32 busy;
	__u32 n;
	__u64 hash;
	__u32 owner;
	__u8 kind, flags;
	__u16 spare;
	__u32 added; /* number + 1 of the entry made for it, 0 without */
	__u32 spare2;
	struct reads reads;
	__u64 frames[MT_MAX_DEPTH];
};

extern const volatile __u32 stack_depth;

struct stack_request {
	__u64 pc, sp, bp;
	__u64 base; /* the walk uses no word of the stack below it; 0: not to be remembered */
	__u32 slot;
	__u32 kind;
};

#define HASH_STEP(hash, word) (((hash) ^ (word)) * 0x9E3779B97F4A7C15ULL)

static __always_inline __u64 hash_fold(__u64 hash)
{
	return hash ^ (hash >> 29);
}

static __always_inline void scratch_add(struct scratch *scratch, __u64 pc)
{
	scratch->frames[scratch->n & (MT_MAX_DEPTH - 1)] = pc;
	scratch->n++;
	scratch->hash = hash_fold(HASH_STEP(scratch->hash, pc));
}

/* walk.bpf.c: fills scratch->frames from the cursor outwards. */
int stack_walk(struct scratch *scratch, struct cursor *at, __u32 slot);

int stack_number(struct stack_request *request);
int stack_skip_wrappers(struct stack_request *request);

#endif

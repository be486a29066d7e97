/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_STACKS_BPF_H
#define MEMTRACE_STACKS_BPF_H

#include "machine.bpf.h"
#include "memos.bpf.h"

/* A frame's return address, and the registers of the code that it leads to. */
struct cursor {
	__u64 pc, sp, bp;
	__u64 link; /* where that code may have its return address in a register, this; else 0 */
};

/* Where a walk stands. */
struct position {
	struct cursor at;
	__u64 bp_at;            /* at.bp is still to be read from there; 0: it is known */
	__u64 trampoline;       /* of return probes */
	__u32 range;            /* of the process's code, that the last frame was in */
	__u32 interrupted;      /* at.pc is where a signal came, not a return address */
	__u32 by_frame_pointer; /* at.bp is the end of a chain of frame pointers */
	__u32 bp_is_first;      /* at.bp is the one that the walk began with */
	__u32 slot;
	__u32 spare;
};

#define AHEAD_WORDS 128

struct scratch {
	__u32 busy;
	__u32 n;
	__u64 hash;
	__u32 owner;
	__u8 kind, flags;
	__u16 spare;
	__u32 added; /* number + 1 of the row made for it, 0 without */
	__u32 first_piece;
	__u32 code_version;
	__u32 no_registers; /* those that the task holds are not those of the first frame */
	__u32 window_bytes; /* what the window holds of the stack from reads.base on */
	struct start start;
	struct position position;
	struct reads reads;
	struct window window;
	/* Another piece of the stack: where a walk is that has left the window behind. */
	__u64 ahead_base, ahead_bytes;
	__u64 ahead[AHEAD_WORDS];
	__u64 frames[MT_MAX_DEPTH];
	/* How each frame was left, for registers that later ones ask for. */
	__u64 cfa[MT_MAX_DEPTH];
	__u32 rule[MT_MAX_DEPTH];
};

/*
 * Where a stack is put together. Programs on user probes can be preempted, so a buffer
 * per CPU would be shared: each walk claims one of its CPU's few.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps") __weak;

extern const volatile __u32 scratch_mask;

#define SCRATCHES_PER_CPU 4

static __always_inline struct scratch *scratch_claim(void)
{
	__u32 first = bpf_get_smp_processor_id() * SCRATCHES_PER_CPU;

	for (__u32 i = 0; i < SCRATCHES_PER_CPU; i++) {
		__u32 index = (first + i) & scratch_mask;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

		if (scratch && !__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	barrier();
	scratch->busy = 0;
}

extern const volatile __u32 stack_depth;

struct stack_request {
	__u64 pc, sp, bp;
	__u64 base; /* the walk uses no word of the stack below it; 0: not to be remembered */
	__u32 slot;
	__u32 kind;
	__u32 stepped;    /* frames were stepped over */
	__u32 holds_link; /* the task's link register is that of the code at pc, which made a system call */
};

/* On machines without a link register this does nothing. */
static __always_inline void set_link(struct cursor *at, __u64 link)
{
	if (!RETURN_ADDRESS_BYTES)
		at->link = link;
}

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

/*
 * stack_table.bpf.c: the number of the stack that the scratch has frames, owner, kind, code version and hash of,
 * added when it is new; negative when there is no room.
 */
int stack_intern(struct scratch *scratch);

/* walk.bpf.c: fills scratch->frames from scratch->position outwards. */
int stack_walk(struct scratch *scratch, __u32 slot);

/*
 * The number of the calling thread's stack, which begins with return address request->pc, whose
 * caller's stack pointer is request->sp. Never fails: without room it is the process's stack without
 * frames, and the loss is counted.
 */
int stack_number(struct stack_request *request);
/*
 * The same at a function's entry: where calls push it, the return address is read, at request->base. Most stacks
 * are like one a moment ago: *useful_bytes says how much of it that took to know. -1 when it cannot be read.
 */
int stack_of_call(struct stack_request *request, __u32 *useful_bytes);
int stack_skip_wrappers(struct stack_request *request);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's stack at an allocation. The kernel walks it by its own tables; that costs some 200 ns a frame, so
 * walks are remembered.
 *
 * A walk is remembered with all words of the stack that are like one of its return addresses, and their places. The
 * return addresses themselves are among them; the others are copies (the event's own call site) or what earlier
 * calls left there. Where the next return address lies depends on the code that the last one leads to alone, for
 * frames of a fixed size, and the kernel has no others but for the few functions that align their frame; so if the
 * same event finds the same words at these places, it is the same stack. Where they are not the same but the walk is,
 * the words that differ are no return addresses, and are forgotten, or they lie where they do as seen from the
 * stack's top: a system call's stack begins at a random distance from it.
 * One walk of MEMO_AUDIT is made all the same and compared; what differs is counted as lost.
 */
#ifndef MEMTRACE_KERNEL_STACK_BPF_H
#define MEMTRACE_KERNEL_STACK_BPF_H

#include "kernel/kernel.bpf.h"
#include "stacks.bpf.h"

#define KERNEL_STACK_BYTES 16384 /* THREAD_SIZE, of x86-64 and aarch64 */
#define KERNEL_MAX_FRAMES 127    /* kernel.perf_event_max_stack, unless it was changed */
#define KERNEL_TEXT(address) ((__s64)(address) < 0)
#define LEADING_FRAMES 12 /* of the program, of what runs it, and of allocation functions */

#define KERNEL_MEMO_FRAMES 40
#define KERNEL_MEMO_WORDS 64
#define KERNEL_MEMO_WAYS 4 /* walks with the same call site and detail, or the same hash of them */
#define KERNEL_MEMO_SETS 128
#define MEMO_AUDIT 64
#define MEMO_TRIED 4096 /* hits; from then on it is one of MEMO_AUDIT_TRIED */
#define MEMO_AUDIT_TRIED 1024

struct kernel_memo {
	__u64 call_site, detail; /* and the kind in its own: what the event says */
	__u32 kind, by;
	__u32 depth_bytes; /* from the event's place to the stack's top, when it was walked; 0: nothing is remembered */
	__u32 version;     /* of kernel_walk_version */
	__u32 row;
	__u32 n;
	__u32 hits;
	__u32 busy;
	__u32 changes;
	__u32 kept, found; /* while it is made; here, for the verifier not to follow each value that they may have */
	__u32 spare;
	__s16 place[KERNEL_MEMO_WORDS]; /* in words: from the event's place, or when below 0, from the stack's top */
	__u64 word[KERNEL_MEMO_WORDS];
};

struct kernel_memo_set {
	struct kernel_memo way[KERNEL_MEMO_WAYS];
	__u32 next; /* to be given to another walk */
	__u32 spare;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KERNEL_MEMO_SETS);
	__type(key, __u32);
	__type(value, struct kernel_memo_set);
} kernel_memos SEC(".maps") __weak;

/* kernel/walks.bpf.h */
extern __u32 kernel_walk_version; /* one more: what was remembered before is so no more */
int kernel_memo_find(struct allocation *allocation);
int kernel_stack_row(struct allocation *allocation, struct scratch *scratch, __s64 bytes);

/* Sets allocation->row. Its part that needs the program's context is here, the rest in kernel/walks.bpf.h. */
static __always_inline void take_stack(void *ctx, struct allocation *allocation)
{
	struct scratch *scratch;
	__s64 bytes;
	int row;

	allocation->at = (__u64)ctx;
	allocation->walk_version = *(volatile __u32 *)&kernel_walk_version;
	row = allocation->context == CONTEXT_TASK ? kernel_memo_find(allocation) : -1;
	if (row >= 0) {
		allocation->row = row;
		return;
	}
	if (!allocation->class_number)
		allocation->class_number = allocation_class(allocation);
	allocation->row = allocation->class_number;
	scratch = scratch_claim();
	if (!scratch) {
		COUNT(lost[LOSS_STACK_TABLE_FULL]);
		return;
	}
	bytes = bpf_get_stack(ctx, scratch->frames, KERNEL_MAX_FRAMES * sizeof(__u64), 0);
	row = kernel_stack_row(allocation, scratch, bytes);
	scratch_release(scratch);
	if (row >= 0)
		allocation->row = row;
	else
		COUNT(lost[LOSS_STACK_TABLE_FULL]);
}

#endif

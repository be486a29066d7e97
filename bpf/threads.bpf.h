/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is pending in a thread. */
#ifndef MEMTRACE_THREADS_BPF_H
#define MEMTRACE_THREADS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "memtrace.h"

/* A call from its entry to its return. */
struct call {
	__u64 cookie;
	__u64 stack_pointer; /* at entry: points at the return address */
	__u64 size_bytes;
	__u64 old, out;
	__u32 stack;
	__u8 active;
	__u8 taken; /* `block` was the old block's entry */
	struct mt_block block;
};

/* A thread has at most one outermost call on its normal and one on its alternate signal stack. */
struct thread {
	struct call calls[2];
	__u64 freed, freed_stack_pointer; /* the last free's block and where it was called */
	__u64 syscall_args[4];
	__u64 old_break;
	__u64 code_address, code_length; /* being unmapped; 0: none */
	__u32 syscall_pending;
	__u32 window_bytes; /* of its stack, that are of use to find a walk remembered */
	__s32 last_child;   /* that it forked; its tgid */
	__u32 spare;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps") __weak;

/* Where this address space's return probes return to; 0 before there was one. */
static __always_inline __u64 return_trampoline(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct xol_area *area = task->mm->uprobes_state.xol_area;

	return area ? area->vaddr : 0;
}

#endif

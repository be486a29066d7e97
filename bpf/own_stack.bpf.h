/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a program on the kernel stack of the task that runs it.
 *
 * Since Linux 6.13 (commit a76ab5731e32) programs of a uprobe's type that use 64 bytes of stack or
 * more get a stack for each CPU instead. But programs on user probes can be preempted, and another
 * task that then runs the same program on that CPU shares, and spoils, its stack: seen as a kernel
 * oops on a preemptible kernel. A program with a tail call in it keeps the task's stack. This one
 * leads nowhere, and stands where a program has nothing to do.
 */
#ifndef MEMTRACE_OWN_STACK_BPF_H
#define MEMTRACE_OWN_STACK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* Programs that share such a map must be of one attach type. */
struct nowhere {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};

static __always_inline int keep_own_stack(void *ctx, void *nowhere)
{
	bpf_tail_call(ctx, nowhere, 0);
	return 0;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* Alternate signal stacks (sigaltstack(2)): a program may forget where they are, and the kernel does not. */
#include "tables.bpf.h"

__u32 signal_stacks_of; /* a process, by its tgid in the initial PID namespace */

/* Says where those of its threads begin: of each a number of 64 bits. */
SEC("iter/task")
int signal_stacks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u64 start;

	/* A thread that is gone from the memory can be called on no stack any more. */
	if (!task || (__u32)task->tgid != signal_stacks_of || !task->mm || !task->sas_ss_size)
		return 0;
	start = task->sas_ss_sp;
	bpf_seq_write(ctx->meta->seq, &start, sizeof(start));
	return 0;
}

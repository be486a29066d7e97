// SPDX-License-Identifier: GPL-2.0-or-later
/* What happens to processes: fork, exec, exit; finding one; holding one that starts. */
#include "tables.bpf.h"
#include "calls.bpf.h"
#include "twice.bpf.h"
#include <bpf/bpf_tracing.h>

/* src/collect is the tracer of all targets and takes up what they fork. */
const volatile bool follow_fork = false;

static __always_inline int process_fork_once(__u64 *args, bool again)
{
	struct task_struct *child = (struct task_struct *)args[1];
	pid_t child_tgid = BPF_CORE_READ(child, tgid);
	struct mt_process *process;
	struct thread *thread;
	long slot = current_slot();

	if (slot < 0 || child_tgid == (pid_t)(bpf_get_current_pid_tgid() >> 32))
		return 0;
	if (follow_fork && BPF_CORE_READ(child, ptrace))
		return 0;
	process = process_of_slot(slot);
	thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!process || (again && thread && thread->last_child == child_tgid))
		return 0;
	if (thread)
		thread->last_child = child_tgid;
	COUNT(process->untraced_children);
	return 0;
}
TWICE("raw_tp/sched_process_fork", process_fork, __u64)

/* By now the thread is its process's only one. */
static __always_inline int process_exec_once(__u64 *args, bool again)
{
	pid_t former = args[1]; /* of the thread that called exec; it is the main one now */
	__u64 program = (__u64)bpf_get_current_task_btf()->mm; /* never the one before: that was still there */
	struct mt_process *process;
	struct mt_event *event;
	long slot = current_slot();

	if (slot < 0)
		return 0;
	process = process_of_slot(slot);
	if (!process || (again && process->program == program))
		return 0;
	process->program = program;
	calls_drop(slot);
	__sync_fetch_and_add(&process->generation, 1);
	process->traced = 0;
	process->has_ranges = 0;
	process->inherits = 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		COUNT(lost[LOSS_EVENTS]);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->type = MT_EVENT_EXEC;
	event->slot = slot;
	event->generation = process->generation;
	event->flags = former == (pid_t)bpf_get_current_pid_tgid() ? MT_EXEC_BY_MAIN_THREAD : 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
TWICE("raw_tp/sched_process_exec", process_exec, __u64)

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

/* All threads are made to end: none goes on in user space. */
static __always_inline bool all_end(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT;
}

/* The last thread ends: the ID can be another process's from now on. */
static __always_inline void process_gone(struct task_struct *task, struct mt_process *process)
{
	__u32 tgid = process->tgid;

	process->exit_code =
	    all_end(task) ? BPF_CORE_READ(task, signal, group_exit_code) : BPF_CORE_READ(task, group_leader, exit_code);
	process->exited = 1;
	process->traced = 0;
	bpf_map_delete_elem(&slots, &tgid);
}

static __always_inline int process_exit_once(void *ctx, bool again)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mt_process *process;
	long slot = current_slot();

	if (slot < 0)
		return 0;
	calls_drop(slot);
	process = process_of_slot(slot);
	if (!process)
		return 0;
	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		process_gone(task, process);
	else if (check_process && task->pid == task->tgid && !again && !all_end(task))
		COUNT(lost[LOSS_MISSED_PROBES]); /* perf links count by a thread, and this may be it */
	return 0;
}
TWICE("raw_tp/sched_process_exit", process_exit, void)

/*
 * The dynamic loader has mapped something: hold the thread until src/collect has looked. By a
 * signal that does nothing should memtrace die before it has taken it away; the kernel itself
 * never sends SIGCHLD so (SI_KERNEL). Only where that one is blocked it is SIGSTOP.
 */
#define SIGNAL_CHILD 17
#define SIGNAL_STOP 19

SEC("uprobe")
int loader_state(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!BPF_CORE_READ(task, ptrace))
		return 0; /* memtrace is gone, or lets it go */
	if (BPF_CORE_READ(task, blocked.sig[0]) & 1UL << (SIGNAL_CHILD - 1))
		bpf_send_signal_thread(SIGNAL_STOP);
	else
		bpf_send_signal_thread(SIGNAL_CHILD);
	return 0;
}

/* What find_task is asked for, in the PID namespace of the reader, and its answer. */
__s32 wanted_pid;
__u32 found_tgid;
__u64 found_address_space;
__u32 found_vforked; /* it borrows its parent's memory until it runs another program */

static __always_inline struct upid *pid_at_level(struct pid *pid, __u32 level)
{
	return (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
}

/* The tgid in the initial namespace, by which tracepoints know a process, and whose memory it has. */
SEC("iter/task")
int find_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *reader = bpf_get_current_task_btf();
	struct pid *pid, *own;
	__u32 level;

	if (!task || task->pid != task->tgid)
		return 0;
	pid = BPF_CORE_READ(task, thread_pid);
	own = BPF_CORE_READ(reader, thread_pid);
	level = BPF_CORE_READ(own, level);
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	if (BPF_CORE_READ(pid_at_level(pid, level), nr) == wanted_pid &&
	    BPF_CORE_READ(pid_at_level(pid, level), ns) == BPF_CORE_READ(pid_at_level(own, level), ns)) {
		found_tgid = task->tgid;
		found_address_space = (__u64)BPF_CORE_READ(task, mm);
		found_vforked = BPF_CORE_READ(task, vfork_done) != NULL;
	}
	return 0;
}

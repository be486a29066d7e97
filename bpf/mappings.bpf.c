// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings, by the tracepoints of single system calls: so that whatever makes them is seen
 * (raw calls, static programs, Go). They are kept as ranges in user space (collect/ranges.c);
 * the events tell what happened, in order. Like a free, an unmapping is reported when it
 * begins: once the kernel has done it another thread may get the address.
 */
#include "tables.bpf.h"
#include "calls.bpf.h"
#include "code.bpf.h"
#include "machine.bpf.h"
#include "stacks.bpf.h"
#include "twice.bpf.h"

#define PROT_EXEC 4
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_STACK 0x20000
#define IS_ERROR(result) ((__u64)(result) >= (__u64)-4095)

static __always_inline struct mt_event *event_new(__u32 type, __u32 slot)
{
	struct mt_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	struct mt_process *process = process_of_slot(slot);

	if (!event) {
		COUNT(lost[LOSS_EVENTS]);
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->type = type;
	event->slot = slot;
	event->node = bpf_get_numa_node_id();
	event->thread = bpf_get_current_pid_tgid();
	event->generation = process ? process->generation : 0;
	event->time_ns = bpf_ktime_get_ns();
	return event;
}

static __always_inline void emit(__u32 type, __u32 slot, __u64 address, __u64 length, __u32 stack, __u32 flags)
{
	struct mt_event *event = event_new(type, slot);

	if (!event)
		return;
	event->address = address;
	event->length = length;
	event->stack = stack;
	event->flags = flags;
	bpf_ringbuf_submit(event, 0);
}

/*
 * Remembers a system call's arguments (no more than it has: the tracepoint's context ends with
 * them) until its exit. NULL: part of a pending call of the allocator, or remembered already.
 */
static __always_inline struct thread *syscall_enter(struct trace_event_raw_sys_enter *ctx, long slot, const int n_args,
                                                    bool again)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct thread *thread;

	if (call_pending(PT_REGS_SP_CORE(regs), live_link_register(), slot))
		return NULL;
	thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		COUNT(lost[LOSS_THREAD_STATE]);
		return NULL;
	}
	if (again && thread->syscall_pending)
		return NULL;
	thread->syscall_args[0] = ctx->args[0];
	if (n_args >= 2)
		thread->syscall_args[1] = ctx->args[1];
	if (n_args >= 4) {
		thread->syscall_args[2] = ctx->args[2];
		thread->syscall_args[3] = ctx->args[3];
	}
	thread->syscall_pending = 1;
	return thread;
}

static __always_inline struct thread *syscall_exit(void)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (!thread || !thread->syscall_pending)
		return NULL;
	thread->syscall_pending = 0;
	return thread;
}

/* Code that is being unmapped, or that was mapped over. True when there was any. */
static __always_inline bool code_gone(__u32 slot, __u64 address, __u64 length)
{
	__u32 version = code_unmapped(slot, address, length);

	if (!version)
		return false;
	emit(MT_EVENT_CODE_GONE, slot, address, length, 0, version);
	return true;
}

static __always_inline void code_came(__u32 slot, __u64 address, __u64 length)
{
	struct mt_process *process = process_of_slot(slot);

	if (process)
		COUNT(process->code_events);
	emit(MT_EVENT_CODE, slot, address, length, 0, 0);
}

/* Said again when it is gone indeed: memtrace may have looked at what is mapped meanwhile. */
static __always_inline void code_is_gone(__u32 slot)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (!thread || !thread->code_length)
		return;
	code_gone(slot, thread->code_address, thread->code_length);
	thread->code_length = 0;
}

static __always_inline long traced_slot(void)
{
	long slot = current_slot();
	struct mt_process *process;

	if (slot < 0)
		return -1;
	process = process_of_slot(slot);
	return process && process->traced ? slot : -1;
}

/*
 * Where the program made the system call, libc's wrappers stepped over. False when that is in
 * an allocator: what it maps for itself is not counted.
 */
static __always_inline bool program_request(struct stack_request *request, __u32 slot, __u32 kind, bool thread_stack)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct mt_process *process = process_of_slot(slot);

	request->pc = PT_REGS_IP_CORE(regs);
	request->sp = PT_REGS_SP_CORE(regs);
	request->bp = PT_REGS_FP_CORE(regs);
	request->base = 0;
	request->slot = slot;
	request->kind = kind;
	request->stepped = 0;
	request->holds_link = 1;
	stack_skip_wrappers(request);
	if (!process || in_ranges(process->allocator, MT_WRAPPER_RANGES, request->pc))
		return false;
	if (!thread_stack && in_ranges(&process->libc, 1, request->pc))
		return false;
	process->has_ranges = 1;
	return true;
}

static __always_inline int mmap_enter_once(struct trace_event_raw_sys_enter *ctx, bool again)
{
	long slot = traced_slot();

	if (slot >= 0)
		syscall_enter(ctx, slot, 4, again);
	return 0;
}
TWICE("tracepoint", mmap_enter, struct trace_event_raw_sys_enter)

static __always_inline int mmap_exit_once(struct trace_event_raw_sys_exit *ctx, bool again)
{
	long slot = traced_slot();
	struct thread *thread = slot >= 0 ? syscall_exit() : NULL;
	struct stack_request request;
	__u64 length, protection, flags;

	if (!thread || IS_ERROR(ctx->ret))
		return 0;
	length = thread->syscall_args[1];
	protection = thread->syscall_args[2];
	flags = thread->syscall_args[3];
	if (flags & MAP_FIXED)
		code_gone(slot, ctx->ret, length);
	if (protection & PROT_EXEC)
		code_came(slot, ctx->ret, length);
	if (flags & MAP_ANONYMOUS) {
		if (program_request(&request, slot, KIND_MMAP, flags & MAP_STACK))
			emit(MT_EVENT_MAP, slot, ctx->ret, length, stack_number(&request), flags);
		return 0;
	}
	if (flags & MAP_FIXED)
		emit(MT_EVENT_TAKE, slot, ctx->ret, length, 0, 0);
	return 0;
}
TWICE("tracepoint", mmap_exit, struct trace_event_raw_sys_exit)

static __always_inline int unmap_enter(struct trace_event_raw_sys_enter *ctx, int n_args, bool again)
{
	long slot = traced_slot();
	struct mt_process *process;
	struct thread *thread;

	if (slot < 0)
		return 0;
	process = process_of_slot(slot);
	if (!process)
		return 0;
	if (code_gone(slot, ctx->args[0], ctx->args[1])) {
		thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (thread) {
			thread->code_address = ctx->args[0];
			thread->code_length = ctx->args[1];
		}
	}
	if (!process->has_ranges)
		return 0;
	thread = syscall_enter(ctx, slot, n_args, again);
	if (thread)
		emit(MT_EVENT_TAKE, slot, thread->syscall_args[0], thread->syscall_args[1], 0, 0);
	return 0;
}

static __always_inline int munmap_enter_once(struct trace_event_raw_sys_enter *ctx, bool again)
{
	return unmap_enter(ctx, 2, again);
}
TWICE("tracepoint", munmap_enter, struct trace_event_raw_sys_enter)

static __always_inline int munmap_exit_once(struct trace_event_raw_sys_exit *ctx, bool again)
{
	long slot = traced_slot();
	struct thread *thread = slot >= 0 ? syscall_exit() : NULL;

	if (slot >= 0)
		code_is_gone(slot);
	if (thread && ctx->ret)
		emit(MT_EVENT_RESTORE, slot, 0, 0, 0, 0);
	return 0;
}
TWICE("tracepoint", munmap_exit, struct trace_event_raw_sys_exit)

static __always_inline int mremap_enter_once(struct trace_event_raw_sys_enter *ctx, bool again)
{
	return unmap_enter(ctx, 4, again);
}
TWICE("tracepoint", mremap_enter, struct trace_event_raw_sys_enter)

static __always_inline int mremap_exit_once(struct trace_event_raw_sys_exit *ctx, bool again)
{
	long slot = traced_slot();
	struct thread *thread = slot >= 0 ? syscall_exit() : NULL;

	if (slot >= 0)
		code_is_gone(slot);
	if (!thread)
		return 0;
	if (IS_ERROR(ctx->ret))
		emit(MT_EVENT_RESTORE, slot, 0, 0, 0, 0);
	else
		emit(MT_EVENT_MOVE, slot, ctx->ret, thread->syscall_args[2], 0, thread->syscall_args[3]);
	return 0;
}
TWICE("tracepoint", mremap_exit, struct trace_event_raw_sys_exit)

static __always_inline int brk_enter_once(struct trace_event_raw_sys_enter *ctx, bool again)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long slot = traced_slot();
	struct thread *thread = slot >= 0 ? syscall_enter(ctx, slot, 1, again) : NULL;

	if (thread)
		thread->old_break = BPF_CORE_READ(task, mm, brk);
	return 0;
}
TWICE("tracepoint", brk_enter, struct trace_event_raw_sys_enter)

static __always_inline int brk_exit_once(struct trace_event_raw_sys_exit *ctx, bool again)
{
	long slot = traced_slot();
	struct thread *thread = slot >= 0 ? syscall_exit() : NULL;
	struct stack_request request;
	__u64 from, to;

	if (!thread)
		return 0;
	from = thread->old_break;
	to = ctx->ret;
	if (to < from) {
		emit(MT_EVENT_BRK, slot, from, to, 0, 0);
	} else if (to > from && program_request(&request, slot, KIND_BRK, false)) {
		emit(MT_EVENT_BRK, slot, from, to, stack_number(&request), 0);
	}
	return 0;
}
TWICE("tracepoint", brk_exit, struct trace_event_raw_sys_exit)

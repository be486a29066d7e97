// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of the allocators' functions. Every probe runs one of a few generic programs; its
 * cookie says what the function does and where its arguments are (memtrace.h).
 *
 * Only a thread's outermost call counts: what an allocator calls of itself or of another
 * belongs to it. A call is told from an abandoned one by its return address, which is replaced by the
 * kernel's return trampoline while it is pending (return_is_pending() of machine.bpf.h).
 */
#include "tables.bpf.h"
#include "calls.bpf.h"
#include "churn.bpf.h"
#include "machine.bpf.h"
#include "own_stack.bpf.h"
#include "stacks.bpf.h"

const volatile __u64 min_size_bytes = 0, max_size_bytes = ~0ULL;
/* A program on a perf uprobe runs for whoever shares the address space. */
const volatile bool check_process = false;
/* Of memtrace churn. */
const volatile bool churns = false;

__u64 lost[LOSS_COUNT];
__u64 abandoned_calls, unknown_frees, inherited_frees;

/* The kernel's function took no argument before 7.0. */
extern bool bpf_session_is_return(void) __ksym __weak;

struct nowhere nowhere_of_session SEC(".maps");
struct nowhere nowhere_of_entry SEC(".maps");
extern bool bpf_session_is_return___ctx(void *ctx) __ksym __weak;

#define MAX_PENDING_RETURNS 64 /* MAX_URETPROBE_DEPTH, kernel/events/uprobes.c */
#define SKIP_RETURN 1

static __always_inline bool size_passes(__u64 size_bytes)
{
	return size_bytes >= min_size_bytes && size_bytes <= max_size_bytes;
}

static __always_inline bool sizes_filtered(void)
{
	return min_size_bytes != 0 || max_size_bytes != ~0ULL;
}

/* Drops a call that will never return. The block it had taken is still there. */
static __always_inline void call_abandon(struct call *call, __u32 slot, const struct mt_process *process)
{
	call->active = 0;
	COUNT(abandoned_calls);
	if (call->taken && live_put(owner_of(slot, process), call->old, &call->block))
		COUNT(lost[LOSS_LIVE_TABLE_FULL]);
}

static __always_inline bool on_signal_stack(const struct task_struct *task, __u64 stack_pointer)
{
	return stack_pointer - task->sas_ss_sp < task->sas_ss_size;
}

/*
 * The place for an outermost call that begins at this stack pointer and with this link register, or NULL
 * when the call is nested in a pending one.
 */
static __always_inline struct call *call_begin(struct thread *thread, const struct task_struct *task,
                                               __u64 stack_pointer, __u64 link, __u32 slot,
                                               const struct mt_process *process)
{
	struct call *call = &thread->calls[on_signal_stack(task, stack_pointer)];

	if (call->active) {
		if (return_is_pending(call->stack_pointer, stack_pointer, link))
			return NULL;
		call_abandon(call, slot, process);
	}
	return call;
}

static __always_inline bool foreign_process(const struct mt_process *process)
{
	return check_process && bpf_get_current_pid_tgid() >> 32 != process->tgid;
}

static __always_inline struct thread *thread_get(struct task_struct *task)
{
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!thread)
		COUNT(lost[LOSS_THREAD_STATE]);
	return thread;
}

static __always_inline bool returns_exhausted(const struct task_struct *task)
{
	return task->utask->depth >= MAX_PENDING_RETURNS;
}

/* From where it was called: a return address, 0 if not known. */
static __always_inline void block_freed(const struct mt_block *block, __u32 slot, __u64 from)
{
	if (churns)
		churn_freed(block, slot, from);
	stack_count_free(block->stack, block->size_bytes);
}

static __always_inline void block_allocated(const struct mt_block *block, __u32 slot)
{
	stack_count_alloc(block->stack, block->size_bytes);
	if (churns)
		churn_allocated(block, slot);
}

/* Where a function was called that was entered at this stack pointer; 0: not to be read, or of no interest. */
static __always_inline __u64 called_from(__u64 stack_pointer, __u64 link)
{
	__u64 pc = 0;

	return churns && return_address(stack_pointer, link, &pc) ? code_address(pc) : 0;
}

/* Called at this stack pointer; 0: not known where from. */
static __always_inline void free_unknown(const struct mt_process *process, __u64 stack_pointer, __u64 link)
{
	__u64 pc = 0;

	if (sizes_filtered())
		return;
	if (stack_pointer && return_address(stack_pointer, link, &pc) && in_ranges(process->flush, MT_FLUSH_RANGES, pc))
		return;
	if (process->inherits)
		COUNT(inherited_frees);
	else
		COUNT(unknown_frees);
}

/*
 * Frees have no return probe, so one that ends in another (a sized operator delete in free)
 * is known by its block: the same, given up again from the same place or deeper, with no
 * allocation between.
 */
static __always_inline bool free_nested(const struct thread *thread, __u64 address, __u64 stack_pointer)
{
	return thread->freed == address && stack_pointer <= thread->freed_stack_pointer;
}

static __always_inline int enter_free(struct pt_regs *ctx, __u64 cookie, __u64 address, __u64 stack_pointer)
{
	__u32 slot = MT_COOKIE_SLOT(cookie);
	struct mt_process *process = process_of_slot(slot);
	struct task_struct *task;
	struct mt_block block;
	struct thread *thread;

	if (!process)
		return keep_own_stack(ctx, &nowhere_of_entry);
	if (!address || !process->traced || foreign_process(process))
		return 0;
	task = bpf_get_current_task_btf();
	thread = thread_get(task);
	if (!thread || !call_begin(thread, task, stack_pointer, link_register(ctx), slot, process))
		return 0;
	if (live_take(owner_of(slot, process), address, &block))
		block_freed(&block, slot, called_from(stack_pointer, link_register(ctx)));
	else if (!free_nested(thread, address, stack_pointer))
		free_unknown(process, stack_pointer, link_register(ctx));
	thread->freed = address;
	thread->freed_stack_pointer = stack_pointer;
	return 0;
}

/* Returns SKIP_RETURN when the return is of no interest. */
static __always_inline int enter_call(struct pt_regs *ctx, void *nowhere)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), stack_pointer = PT_REGS_SP(ctx);
	__u32 slot = MT_COOKIE_SLOT(cookie), op = MT_COOKIE_OP(cookie);
	struct mt_process *process = process_of_slot(slot);
	struct stack_request request = {.pc = code_address(link_register(ctx)),
	                                .sp = stack_pointer + RETURN_ADDRESS_BYTES,
	                                .bp = PT_REGS_FP(ctx),
	                                .base = stack_pointer,
	                                .slot = slot,
	                                .kind = KIND_HEAP};
	struct task_struct *task;
	struct thread *thread;
	struct call *call;
	__u64 size_bytes;
	int stack;

	if (!process) {
		keep_own_stack(ctx, nowhere);
		return SKIP_RETURN;
	}
	if (!process->traced || foreign_process(process))
		return SKIP_RETURN;
	size_bytes = register_value(ctx, MT_COOKIE_SIZE(cookie));
	if (MT_COOKIE_COUNT(cookie) != MT_NO_REGISTER)
		size_bytes *= register_value(ctx, MT_COOKIE_COUNT(cookie));
	if (op == MT_ALLOC && !size_passes(size_bytes))
		return SKIP_RETURN;
	task = bpf_get_current_task_btf();
	thread = thread_get(task);
	if (!thread)
		return SKIP_RETURN;
	call = call_begin(thread, task, stack_pointer, link_register(ctx), slot, process);
	if (!call)
		return SKIP_RETURN;
	if (returns_exhausted(task)) {
		COUNT(lost[LOSS_MISSED_RETURNS]);
		return SKIP_RETURN;
	}
	stack = stack_of_call(&request, &thread->window_bytes);
	if (stack < 0) {
		COUNT(lost[LOSS_READ_FAULTS]);
		return SKIP_RETURN;
	}
	thread->freed = 0;
	call->cookie = cookie;
	call->stack_pointer = stack_pointer;
	call->size_bytes = size_bytes;
	call->old = register_value(ctx, MT_COOKIE_OLD(cookie));
	call->out = register_value(ctx, MT_COOKIE_OUT(cookie));
	call->taken = 0;
	if (call->old)
		call->taken = live_take(owner_of(slot, process), call->old, &call->block);
	call->stack = stack;
	call->active = 1;
	return 0;
}

static __always_inline void record(__u64 owner, __u32 slot, __u64 address, __u64 size_bytes, __u32 stack)
{
	struct mt_block block = {
	    .size_bytes = size_bytes,
	    .time_ns = bpf_ktime_get_ns(),
	    .stack = stack,
	    .origin = MT_ORIGIN(bpf_get_numa_node_id(), (__u32)bpf_get_current_pid_tgid()),
	};
	struct mt_block old;
	int result = live_replace(owner, address, &block, &old);

	if (result & LIVE_REPLACED) {
		COUNT(lost[LOSS_MISSED_FREES]);
		if (churns)
			churn_missed(&old, slot);
		stack_count_free(old.stack, old.size_bytes);
	}
	if (result & LIVE_FULL)
		COUNT(lost[LOSS_LIVE_TABLE_FULL]);
	else
		block_allocated(&block, slot);
}

static __always_inline bool call_failed(const struct call *call, __u64 result)
{
	switch (MT_COOKIE_FAILURE(call->cookie)) {
	case MT_FAIL_NONZERO:
		return (__u32)result != 0;
	case MT_FAIL_SMALLER:
		return result < call->size_bytes;
	default:
		return result == 0;
	}
}

static __always_inline bool result_address(const struct call *call, __u64 result, __u64 *address)
{
	if (MT_COOKIE_OUT(call->cookie) != MT_NO_REGISTER)
		return !bpf_probe_read_user(address, sizeof(*address), (void *)call->out);
	*address = MT_COOKIE_OP(call->cookie) == MT_RESIZE ? call->old : result;
	return true;
}

static __always_inline void finish_call(struct call *call, __u64 result, __u64 return_to)
{
	__u32 slot = MT_COOKIE_SLOT(call->cookie), op = MT_COOKIE_OP(call->cookie);
	struct mt_process *process = process_of_slot(slot);
	bool failed = call_failed(call, result);
	__u64 owner, address = 0;

	if (!process)
		return;
	owner = owner_of(slot, process);
	if (failed && !(op == MT_REALLOC && call->old && call->size_bytes == 0)) {
		if (call->taken && live_put(owner, call->old, &call->block))
			COUNT(lost[LOSS_LIVE_TABLE_FULL]);
		return;
	}
	if (call->taken)
		block_freed(&call->block, slot, return_to);
	else if (call->old)
		free_unknown(process, 0, 0);
	if (failed || !size_passes(call->size_bytes))
		return;
	if (!result_address(call, result, &address))
		COUNT(lost[LOSS_READ_FAULTS]);
	else if (address) {
		record(owner, slot, address, call->size_bytes, call->stack);
		if (churns && call->taken)
			churn_regrown(call->stack, call->block.size_bytes, call->size_bytes, address != call->old);
	}
}

static __always_inline int leave_call(struct pt_regs *ctx)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	__u64 stack_pointer = PT_REGS_SP(ctx) - RETURN_ADDRESS_BYTES;

	if (!thread)
		return 0;
	for (int i = 0; i < 2; i++) {
		struct call *call = &thread->calls[i];

		if (call->active && call->stack_pointer == stack_pointer) {
			finish_call(call, PT_REGS_RC(ctx), code_address(PT_REGS_IP(ctx)));
			/* Last: until then its stack must not be reclaimed. */
			barrier();
			call->active = 0;
			break;
		}
	}
	return 0;
}

/* The attach type of these is set when the backend is known (src/probe/attach.c). */
SEC("uprobe")
int call_session(struct pt_regs *ctx)
{
	bool is_return =
	    bpf_ksym_exists(bpf_session_is_return___ctx) ? bpf_session_is_return___ctx(ctx) : bpf_session_is_return();

	return is_return ? leave_call(ctx) : enter_call(ctx, &nowhere_of_session);
}

SEC("uprobe")
int call_entry(struct pt_regs *ctx)
{
	enter_call(ctx, &nowhere_of_entry);
	return 0;
}

SEC("uprobe")
int call_return(struct pt_regs *ctx)
{
	if (!PT_REGS_SP(ctx))
		return keep_own_stack(ctx, &nowhere_of_entry);
	return leave_call(ctx);
}

SEC("uprobe")
int free_entry(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);

	return enter_free(ctx, cookie, register_value(ctx, MT_COOKIE_OLD(cookie)),
	                  PT_REGS_SP(ctx) + 8 * MT_COOKIE_PUSHED(cookie));
}

/* Is a pending call of this thread around code that runs at this stack pointer, with this link register? */
__noinline int call_pending(__u64 stack_pointer, __u64 link, __u32 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct mt_process *process = process_of_slot(slot);

	return thread && process && !call_begin(thread, task, stack_pointer, link, slot, process);
}

/* Drops the pending calls of a thread that ends or runs another program. */
__noinline int calls_drop(__u32 slot)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct mt_process *process = process_of_slot(slot);

	if (!thread || !process)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (thread->calls[i].active)
			call_abandon(&thread->calls[i], slot, process);
	}
	return 0;
}

/* Says which stacks pending calls hold: of each a number of 32 bits. */
SEC("iter/task")
int pending_stacks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread *thread = task ? bpf_task_storage_get(&threads, task, 0, 0) : NULL;

	if (!thread)
		return 0;
	for (int i = 0; i < 2; i++) {
		struct call *call = &thread->calls[i];
		__u32 stack = call->stack;

		if (call->active)
			bpf_seq_write(ctx->meta->seq, &stack, sizeof(stack));
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

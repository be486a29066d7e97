// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An exception may pass through a call whose return is probed: operator new that throws
 * bad_alloc. The C++ runtime walks the stack, meets the kernel's return trampoline in
 * place of the caller, finds no unwind rules for it and terminates the program.
 *
 * So, where an object has such functions, a probe on the runtime's entry has the return
 * addresses put back that the kernel replaced, from this thread's pending call inwards. Such
 * a call then does not return to the probe; it counts as abandoned. The kernel drops its own
 * record of it as it does after a longjmp.
 *
 * Programs may not write to user memory on a locked-down kernel, and elsewhere the kernel
 * logs a warning about those that do. So user space writes (src/probe/guard.c), and the
 * program waits for the words to change: some 100 us, for a throw that meets a pending call.
 */
#include "own_stack.bpf.h"
#include "threads.bpf.h"
#include <bpf/bpf_tracing.h>

#define MAX_RETURNS 64 /* MAX_URETPROBE_DEPTH, kernel/events/uprobes.c */
#define SPINS (1 << 14)
/*
 * Without the words put back the exception ends the program. On a busy machine memtrace may be long in
 * coming; it may also have been killed.
 */
#define WAIT_NS 3000000000ULL

struct nowhere nowhere SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} exceptions SEC(".maps");

/* Turns a loop that is too long for the verifier: bpf_loop is of 5.17 only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SPINS);
	__type(key, __u32);
	__type(value, __u64);
} spins SEC(".maps");

struct wait {
	__u64 at, trampoline;
	__u64 until_ns;
	__u64 over;
};

static long word_replaced(void *map, const __u32 *key, void *value, struct wait *wait)
{
	__u64 word = 0;

	wait->over = bpf_probe_read_user(&word, sizeof(word), (void *)wait->at) || word != wait->trampoline;
	return wait->over;
}

static long words_replaced(void *map, const __u32 *key, void *value, struct wait *wait)
{
	bpf_for_each_map_elem(&spins, word_replaced, wait, 0);
	return wait->over || bpf_ktime_get_ns() > wait->until_ns;
}

static __always_inline __u64 outermost(const struct thread *thread)
{
	__u64 highest = 0;

	for (int i = 0; i < 2; i++) {
		if (thread->calls[i].active && thread->calls[i].stack_pointer > highest)
			highest = thread->calls[i].stack_pointer;
	}
	return highest;
}

static __always_inline bool ask(__u64 at, __u64 original, __u64 slot)
{
	struct mt_guard_request *request = bpf_ringbuf_reserve(&exceptions, sizeof(*request), 0);

	if (!request)
		return false;
	request->address = at;
	request->value = original;
	request->process = slot;
	bpf_ringbuf_submit(request, BPF_RB_FORCE_WAKEUP);
	return true;
}

struct walk {
	struct return_instance *instance;
	__u64 limit, process;
	struct wait wait;
};

/* Has one pending return put back. False: there are no more. */
static __noinline bool put_back(struct walk *walk)
{
	struct return_instance *instance = walk->instance;
	__u64 at, original, word = 0;

	if (!instance)
		return false;
	at = BPF_CORE_READ(instance, stack);
	original = BPF_CORE_READ(instance, orig_ret_vaddr);
	/* A chained one (a tail call) has the trampoline as its own return address. */
	if (at <= walk->limit && original != walk->wait.trampoline &&
	    !bpf_probe_read_user(&word, sizeof(word), (void *)at) && word == walk->wait.trampoline &&
	    ask(at, original, walk->process))
		walk->wait.at = at;
	walk->instance = BPF_CORE_READ(instance, next);
	return true;
}

SEC("uprobe")
int exception_raised(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct walk walk = {.limit = thread ? outermost(thread) : 0};

	if (!walk.limit)
		return keep_own_stack(ctx, &nowhere);
	walk.process = bpf_get_attach_cookie(ctx);
	walk.wait.trampoline = return_trampoline();
	walk.instance = BPF_CORE_READ(task, utask, return_instances);
	for (int i = 0; i < MAX_RETURNS; i++) {
		if (!put_back(&walk))
			break;
	}
	walk.wait.until_ns = bpf_ktime_get_ns() + WAIT_NS;
	if (walk.wait.at) /* asked for last, and requests are answered in order */
		bpf_for_each_map_elem(&spins, words_replaced, &walk.wait, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

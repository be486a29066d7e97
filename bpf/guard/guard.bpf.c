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
#include "threads.bpf.h"
#include <bpf/bpf_tracing.h>

#define MAX_RETURNS 64     /* MAX_URETPROBE_DEPTH, kernel/events/uprobes.c */
#define MAX_READS (1 << 22) /* some 100 ms; memtrace may have been killed */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} exceptions SEC(".maps");

struct wait {
	__u64 at, trampoline;
};

static long word_replaced(__u64 i, struct wait *wait)
{
	__u64 word = 0;

	return bpf_probe_read_user(&word, sizeof(word), (void *)wait->at) || word != wait->trampoline;
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

SEC("uprobe")
int exception_raised(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	__u64 limit = thread ? outermost(thread) : 0, process = bpf_get_attach_cookie(ctx);
	struct return_instance *instance;
	struct wait wait = {};

	if (!limit)
		return 0;
	wait.trampoline = return_trampoline();
	instance = BPF_CORE_READ(task, utask, return_instances);
	for (int i = 0; i < MAX_RETURNS && instance; i++) {
		__u64 at = BPF_CORE_READ(instance, stack), original = BPF_CORE_READ(instance, orig_ret_vaddr), word = 0;

		/* A chained one (a tail call) has the trampoline as its own return address. */
		if (at <= limit && original != wait.trampoline &&
		    !bpf_probe_read_user(&word, sizeof(word), (void *)at) && word == wait.trampoline &&
		    ask(at, original, process))
			wait.at = at;
		instance = BPF_CORE_READ(instance, next);
	}
	if (wait.at) /* asked for last, and requests are answered in order */
		bpf_loop(MAX_READS, word_replaced, &wait, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

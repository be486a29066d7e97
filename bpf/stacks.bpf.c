// SPDX-License-Identifier: GPL-2.0-or-later
/* The number of a thread's stack: as it is remembered, or walked and found in the table. */
#include "machine.bpf.h"
#include "stacks.bpf.h"

__u64 told_full_ns; /* when memtrace was last woken for want of room */

static __always_inline void set_start(struct scratch *scratch, const struct stack_request *request,
                                      const struct mt_process *process)
{
	scratch->start.pc = request->pc;
	scratch->start.sp = request->base;
	scratch->start.bp = request->bp;
	scratch->start.owner = owner_of(request->slot, process);
	scratch->start.version = process->walk_version;
}

/* Walks and finds or adds; -1 when there is no room. */
static __always_inline int stack_take(struct scratch *scratch, const struct stack_request *request,
                                      const struct mt_process *process)
{
	int number;

	scratch->n = 0;
	scratch->flags = 0;
	scratch->kind = request->kind;
	scratch->owner = scratch->start.owner;
	scratch->code_version = process->code_version;
	scratch->no_registers = request->stepped;
	scratch->hash = hash_fold(HASH_STEP(request->kind + 1, (__u64)scratch->owner));
	scratch->hash = hash_fold(HASH_STEP(scratch->hash, scratch->code_version));
	scratch->position.at.pc = request->pc;
	scratch->position.at.sp = request->sp;
	scratch->position.at.bp = request->bp;
	set_link(&scratch->position.at, request->holds_link ? live_link_register() : 0);
	reads_begin(&scratch->reads, request->base);
	stack_walk(scratch, request->slot);
	number = stack_intern(scratch);
	if (number >= 0 && !scratch->reads.uncertain)
		memo_keep(&scratch->start, &scratch->reads, number);
	return number;
}

#define TELL_FULL_NS 1000000000

static __always_inline __u32 without_stack(const struct stack_request *request)
{
	__u64 now_ns = bpf_ktime_get_ns();

	COUNT(lost[LOSS_STACK_TABLE_FULL]);
	if (now_ns - told_full_ns > TELL_FULL_NS) {
		told_full_ns = now_ns;
		tell_crowded();
	}
	return MT_NO_STACK(request->slot, request->kind);
}

__noinline int stack_number(struct stack_request *request)
{
	struct mt_process *process;
	struct scratch *scratch;
	int number = -1;

	if (!request)
		return 0;
	process = process_of_slot(request->slot);
	if (!process)
		return 0;
	scratch = scratch_claim();
	if (scratch) {
		scratch->window_bytes = 0;
		set_start(scratch, request, process);
		number = stack_take(scratch, request, process);
		scratch_release(scratch);
	}
	return number >= 0 ? number : without_stack(request);
}

/* Reads the stack from the call outwards; at least a word, or 0 when it cannot be read. */
static __always_inline __u32 window_read(struct window *window, __u32 bytes, __u64 base)
{
	/* A mask, and not a comparison: not every kernel's verifier carries that to where it is used. */
	bytes &= sizeof(*window) - 8;
	if (!bytes)
		bytes = 8;
	if (!bpf_probe_read_user(window, bytes, (void *)base))
		return bytes;
	return bpf_probe_read_user(window, 8, (void *)base) ? 0 : 8;
}

#define WALK_BYTES 2048 /* of the stack, that are read at once for a walk */

__noinline int stack_of_call(struct stack_request *request, __u32 *useful_bytes)
{
	struct mt_process *process;
	struct scratch *scratch;
	__u32 bytes;
	int number;

	if (!request || !useful_bytes)
		return -1;
	process = process_of_slot(request->slot);
	if (!process)
		return -1;
	scratch = scratch_claim();
	if (!scratch)
		return without_stack(request);
	bytes = window_read(&scratch->window, *useful_bytes, request->base);
	if (!bytes) {
		scratch_release(scratch);
		return -1;
	}
	if (RETURN_ADDRESS_BYTES)
		request->pc = scratch->window.word[0];
	set_start(scratch, request, process);
	scratch->start.window_bytes = bytes;
	number = memo_find(&scratch->start, &scratch->window);
	if (number >= 0) {
		*useful_bytes = scratch->start.extent_bytes > bytes ? scratch->start.extent_bytes : bytes - 8;
	} else {
		scratch->window_bytes = scratch->start.window_bytes;
		/* What cannot be read whole leaves zeroes. */
		if (scratch->window_bytes < WALK_BYTES)
			scratch->window_bytes =
			    bpf_probe_read_user(&scratch->window, WALK_BYTES, (void *)request->base) ? 0 : WALK_BYTES;
		number = stack_take(scratch, request, process);
	}
	scratch_release(scratch);
	return number >= 0 ? number : without_stack(request);
}

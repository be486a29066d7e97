// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process has mapped executable changes: code goes, the dynamic loader brings some, or a walk meets
 * some that memtrace does not know of.
 */
#include "code.bpf.h"
#include "own_stack.bpf.h"

const volatile bool unwind_tables = true;

struct nowhere nowhere_of_loader SEC(".maps");

#define ASK_AGAIN_NS 100000000

static __always_inline void ask(__u32 type, __u32 slot, __u32 object)
{
	struct mt_process *process = process_of_slot(slot);
	struct mt_event *event = process ? bpf_ringbuf_reserve(&events, sizeof(*event), 0) : NULL;

	if (!event)
		return;
	__builtin_memset(event, 0, sizeof(*event));
	event->type = type;
	event->slot = slot;
	event->generation = process->generation;
	event->flags = object;
	bpf_ringbuf_submit(event, 0);
}

__noinline int ask_for_code(struct mt_code *code, __u32 slot)
{
	__u64 now = bpf_ktime_get_ns();

	if (!code || now - code->asked_ns < ASK_AGAIN_NS)
		return 0;
	code->asked_ns = now;
	ask(MT_EVENT_CODE, slot, 0);
	return 0;
}

__noinline int ask_for_all_code(__u32 slot, __u32 object)
{
	ask(MT_EVENT_ALL_CODE, slot, object);
	return 0;
}

static long clear_cache_place(__u32 index, struct mt_code **code)
{
	(*code)->cache[index & (MT_CODE_CACHE - 1)] = 0;
	return 0;
}

struct going {
	struct mt_code *code;
	__u64 address, end;
	__u32 first; /* the range that may be the first one */
	__u32 any;
};

/* 1 behind the last range that goes. */
static long range_goes(__u32 i, struct going *going)
{
	__u32 index = going->first + i;
	struct mt_code_range *range = &going->code->range[index & (MT_CODE_RANGES - 1)];

	if (index >= going->code->n_ranges || index >= MT_CODE_RANGES || range->start >= going->end)
		return 1;
	if (range->start + ((__u64)range->n_pages << 12) > going->address && range->object != MT_OBJECT_GONE) {
		range->object = MT_OBJECT_GONE;
		going->any = 1;
	}
	return 0;
}

__noinline __u32 code_unmapped(__u32 slot, __u64 address, __u64 length)
{
	struct going going = {.address = address, .end = address + length};
	struct mt_process *process = process_of_slot(slot);
	__u32 version;

	if (!unwind_tables || !process || !length)
		return 0;
	going.code = code_of_slot(slot);
	if (!going.code)
		return 0;
	going.first = range_search(going.code, address);
	bpf_loop(MT_CODE_RANGES, range_goes, &going, 0);
	if (!going.any)
		return 0;
	__sync_fetch_and_add(&going.code->gone, 1);
	bpf_loop(MT_CODE_CACHE, clear_cache_place, &going.code, 0);
	version = __sync_fetch_and_add(&process->code_version, 1) + 1;
	__sync_fetch_and_add(&going.code->version, 1);
	__sync_fetch_and_add(&process->walk_version, 1);
	return version;
}

#define WAIT_NS 50000000 /* memtrace may have been killed */

struct wait {
	__u64 until_ns;
	__u32 slot;
};

static long code_unknown(__u32 index, struct wait *wait)
{
	struct mt_process *process = process_of_slot(wait->slot);
	struct mt_code *code = code_of_slot(wait->slot);

	return !process || !code || (__s32)(process->code_events - code->events) <= 0 ||
	       bpf_ktime_get_ns() > wait->until_ns;
}

/*
 * The dynamic loader has mapped something, and will run its constructors: the thread waits until
 * memtrace has told the programs what, so that the first allocation there has its whole stack.
 */
SEC("uprobe")
int loader_waits(struct pt_regs *ctx)
{
	struct wait wait = {.slot = MT_COOKIE_SLOT(bpf_get_attach_cookie(ctx))};
	struct mt_process *process = process_of_slot(wait.slot);

	if (!process)
		return keep_own_stack(ctx, &nowhere_of_loader);
	if (!unwind_tables || !process->traced || process->tgid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	wait.until_ns = bpf_ktime_get_ns() + WAIT_NS;
	bpf_loop(1 << 22, code_unknown, &wait, 0);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking a stack: by call frame information (unwind.bpf.c); by frame pointers where that cannot be
 * had. Wrappers around allocation functions, which have none, are stepped over by rows of their own.
 */
#include "code.bpf.h"
#include "stacks.bpf.h"
#include "tables.bpf.h"
#include "unwind.bpf.h"

const volatile __u32 stack_depth = 127;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64 * MT_MAX_PROCESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mt_wrapper_key);
	__type(value, struct mt_wrapper_row);
} wrappers SEC(".maps");

#define MAX_FRAME_SIZE (16 << 20) /* a frame pointer that jumps further is none */

/* Where the return address is in the link register nothing is read. */
static __always_inline bool wrapper_return(const struct mt_wrapper_row *row, const struct cursor *at, __u64 cfa,
                                           struct reads *reads, __u64 *pc)
{
	if (!RETURN_ADDRESS_BYTES && !row->ra_cfa_offset) {
		*pc = at->link;
		return *pc;
	}
	if (bpf_probe_read_user(pc, sizeof(*pc), (void *)(cfa + row->ra_cfa_offset)))
		return false;
	if (reads)
		reads_add(reads, cfa + row->ra_cfa_offset, *pc);
	return true;
}

/* Steps over one frame of a known wrapper (operator new, mmap, sbrk). False: it is none. */
static __always_inline bool step_wrapper(const struct mt_process *process, __u32 slot, struct cursor *at,
                                         struct reads *reads)
{
	struct mt_wrapper_key key = {.address = at->pc, .slot = slot};
	struct mt_wrapper_row *row;
	__u64 cfa, pc;

	if (!in_ranges(process->wrapper, MT_WRAPPER_RANGES, at->pc))
		return false;
	row = bpf_map_lookup_elem(&wrappers, &key);
	if (!row)
		return false;
	cfa = at->sp + row->cfa_sp_offset;
	if (!wrapper_return(row, at, cfa, reads, &pc))
		return false;
	if (row->fp_cfa_offset && bpf_probe_read_user(&at->bp, sizeof(at->bp), (void *)(cfa + row->fp_cfa_offset)))
		return false;
	if (reads && row->fp_cfa_offset)
		reads_add(reads, cfa + row->fp_cfa_offset, at->bp);
	at->pc = code_address(pc);
	at->sp = cfa;
	set_link(at, 0);
	return true;
}

/*
 * Functions with loops over frames, and what they call, are global: the verifier then takes
 * each by itself instead of once for every path that leads to it. It follows each iteration,
 * so the loops end at the depth that is configured: it knows that constant.
 */

/* One step by frame pointer: 0, or why the walk ends (enum stack_end + 1). */
__noinline int step_frame_pointer(struct cursor *at, struct reads *reads)
{
	struct {
		__u64 bp, pc;
	} saved;

	if (!at || !reads || !at->bp)
		return END_COMPLETE + 1;
	if (at->bp < at->sp || at->bp - at->sp > MAX_FRAME_SIZE || (at->bp & 7))
		return END_NO_CFI + 1;
	if (bpf_probe_read_user(&saved, sizeof(saved), (void *)at->bp))
		return END_READ_FAULT + 1;
	reads_add(reads, at->bp, saved.bp);
	reads_add(reads, at->bp + 8, saved.pc);
	saved.pc = code_address(saved.pc);
	if (saved.pc < 4096 || saved.pc >> 56)
		return END_NO_CFI + 1;
	at->sp = at->bp + 16; /* or further: where the record does not end the frame */
	at->bp = saved.bp;
	at->pc = saved.pc;
	set_link(at, 0);
	return 0;
}

__noinline int stack_walk(struct scratch *scratch, __u32 slot)
{
	struct mt_process *process = process_of_slot(slot);
	struct cursor *at;
	int end = 0;
	__u32 i = 1;

	if (!scratch || !process)
		return 0;
	at = &scratch->position.at;
	scratch_add(scratch, at->pc);
	if (unwind_tables) { /* the verifier then does not see the rest */
		unwind_stack(scratch, slot);
		return 0;
	}
	scratch->reads.used_bp = 1;
	for (; i < 4 && i < stack_depth && step_wrapper(process, slot, at, &scratch->reads); i++)
		scratch_add(scratch, at->pc);
	for (; i < MT_MAX_DEPTH; i++) {
		if (i >= stack_depth)
			break;
		end = step_frame_pointer(at, &scratch->reads);
		if (end)
			break;
		scratch->flags |= MT_STACK_GUESSED;
		scratch_add(scratch, at->pc);
	}
	if (end == END_READ_FAULT + 1)
		scratch->reads.uncertain = 1;
	scratch->flags |= end ? (end - 1) & 7 : END_DEPTH;
	return 0;
}

/* Steps out of the wrappers that request->pc is in, and says where that is. */
__noinline int stack_skip_wrappers(struct stack_request *request)
{
	struct mt_process *process;
	struct cursor at;

	if (!request)
		return 0;
	process = process_of_slot(request->slot);
	if (!process)
		return 0;
	at.pc = request->pc;
	at.sp = request->sp;
	at.bp = request->bp;
	set_link(&at, request->holds_link ? live_link_register() : 0);
	for (int i = 0; i < 3; i++) {
		if (!step_wrapper(process, request->slot, &at, NULL))
			break;
		request->stepped = 1;
		request->holds_link = 0;
	}
	request->pc = at.pc;
	request->sp = at.sp;
	request->bp = at.bp;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table that keeps each distinct stack once. Two stacks are one only if owner, kind and
 * all return addresses agree: a matching hash is always followed by a comparison in full.
 */
#include "machine.bpf.h"
#include "stacks.bpf.h"

const volatile __u32 stack_rows = 1024;
const volatile __u32 frame_words = 1 << 15;
const volatile __u32 index_mask = 1023;
const volatile __u32 scratch_mask = 63;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, struct mt_frame_page);
} frame_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mt_index_bucket);
} stack_index SEC(".maps");

/*
 * Where a stack is put together. Programs on user probes can be preempted, so a buffer
 * per CPU would be shared: each walk claims one of its CPU's few.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

__u32 next_stack = MT_NO_STACKS;
__u64 next_frame_word;

#define SCRATCHES_PER_CPU 4

static __always_inline struct scratch *scratch_claim(void)
{
	__u32 first = bpf_get_smp_processor_id() * SCRATCHES_PER_CPU;

	for (__u32 i = 0; i < SCRATCHES_PER_CPU; i++) {
		__u32 index = (first + i) & scratch_mask;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

		if (scratch && !__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	barrier();
	scratch->busy = 0;
}

/* 1 when the scratch's frames are those at `first` (a number of a word). */
__noinline int same_frames(__u32 first, struct scratch *scratch)
{
	__u32 page_index = first / MT_FRAME_PAGE;
	struct mt_frame_page *page = bpf_map_lookup_elem(&frame_pages, &page_index);
	__u64 differ = 0;

	if (!page || !scratch)
		return 0;
	for (__u32 i = 0; i < MT_MAX_DEPTH; i++) {
		if (i >= stack_depth || i >= scratch->n)
			break;
		differ |= page->word[(first + i) & (MT_FRAME_PAGE - 1)] ^ scratch->frames[i];
	}
	return !differ;
}

__noinline int copy_frames(__u32 first, struct scratch *scratch)
{
	__u32 page_index = first / MT_FRAME_PAGE;
	struct mt_frame_page *page = bpf_map_lookup_elem(&frame_pages, &page_index);

	if (!page || !scratch)
		return 0;
	for (__u32 i = 0; i < MT_MAX_DEPTH; i++) {
		if (i >= stack_depth || i >= scratch->n)
			break;
		page->word[(first + i) & (MT_FRAME_PAGE - 1)] = scratch->frames[i];
	}
	return 1;
}

static __always_inline bool same_stack(const struct mt_stack *stack, struct scratch *scratch)
{
	return stack->hash == scratch->hash && stack->n_frames == scratch->n && stack->owner == scratch->owner &&
	       stack->kind == scratch->kind && stack->code_version == scratch->code_version &&
	       same_frames(stack->first_frame, scratch);
}

#define RESERVE_ATTEMPTS 16 /* others may reserve at the same time */

/* Room for n words within one page; -1 when there is none. */
static __always_inline __s64 frames_reserve(__u32 n)
{
	for (int attempt = 0; attempt < RESERVE_ATTEMPTS; attempt++) {
		__u64 next = next_frame_word, first = next;

		if ((first & (MT_FRAME_PAGE - 1)) + n > MT_FRAME_PAGE)
			first = (first | (MT_FRAME_PAGE - 1)) + 1;
		if (first + n > frame_words)
			return -1;
		if (__sync_val_compare_and_swap(&next_frame_word, next, first + n) == next)
			return first;
	}
	return -1;
}

/* Writes a new stack entry and returns its number, or -1 when a table is full. */
__noinline int stack_add(struct scratch *scratch)
{
	struct mt_stack *stack;
	__u32 number;
	__s64 first;

	if (!scratch || next_stack >= stack_rows)
		return -1;
	first = frames_reserve(scratch->n);
	if (first < 0 || !copy_frames(first, scratch))
		return -1;
	number = __sync_fetch_and_add(&next_stack, 1);
	stack = bpf_map_lookup_elem(&stacks, &number);
	if (!stack)
		return -1;
	stack->hash = scratch->hash;
	stack->first_frame = first;
	stack->n_frames = scratch->n;
	stack->owner = scratch->owner;
	stack->kind = scratch->kind;
	stack->code_version = scratch->code_version;
	barrier();
	stack->flags = scratch->flags | MT_STACK_USED;
	return number;
}

#define ATTEMPTS 6
#define NO_ROOM (-1)
#define TRY_NEXT (-2)

/*
 * The number of the stack in the scratch, if the bucket that the hash leads to has it or has
 * room for it.
 */
__noinline int stack_find_in(struct scratch *scratch, __u64 hash)
{
	__u32 bucket_index = hash & index_mask;
	__u64 tag = (hash >> 32) | 1;
	struct mt_index_bucket *bucket = bpf_map_lookup_elem(&stack_index, &bucket_index);

	if (!bucket || !scratch)
		return NO_ROOM;
	for (int i = 0; i < MT_INDEX_SLOTS; i++) {
		__u64 word = bucket->word[i];
		struct mt_stack *stack;
		__u32 number;

		if (!word) {
			int added = scratch->added ? (int)scratch->added - 1 : stack_add(scratch);

			if (added < 0)
				return NO_ROOM;
			scratch->added = added + 1;
			word = __sync_val_compare_and_swap(&bucket->word[i], 0, tag << 32 | scratch->added);
			if (!word)
				return added;
		}
		if (word >> 32 != tag)
			continue;
		number = (__u32)word - 1;
		stack = bpf_map_lookup_elem(&stacks, &number);
		if (stack && same_stack(stack, scratch))
			return number;
	}
	return TRY_NEXT;
}

/*
 * The number of the stack in the scratch, added when it is new; negative when there is no room.
 * Attempt k looks into the k-th bucket that the hash leads to; entries are never removed while
 * the index is in use, so the same stack always ends at the same place.
 */
static __always_inline int stack_find(struct scratch *scratch)
{
	__u64 hash = scratch->hash;
	int number = NO_ROOM;

	scratch->added = 0;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		number = stack_find_in(scratch, hash);
		if (number != TRY_NEXT)
			break;
		hash = hash_fold(HASH_STEP(hash, attempt + 1));
	}
	return number;
}

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
	number = stack_find(scratch);
	if (number >= 0 && !scratch->reads.uncertain)
		memo_keep(&scratch->start, &scratch->reads, number);
	return number;
}

static __always_inline __u32 without_stack(const struct stack_request *request)
{
	COUNT(lost[LOSS_STACK_TABLE_FULL]);
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

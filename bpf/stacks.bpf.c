// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks: walking them, and the table that keeps each distinct one once. Two stacks
 * are one only if owner, kind and all return addresses agree: a matching hash is
 * always followed by a comparison in full.
 */
#include "tables.bpf.h"
#include "stacks.bpf.h"

const volatile __u32 stack_depth = 127;
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

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64 * MT_MAX_PROCESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mt_wrapper_key);
	__type(value, struct mt_wrapper_row);
} wrappers SEC(".maps");

__u32 next_stack = MT_NO_STACKS;
__u64 next_frame_word;

#define SCRATCHES_PER_CPU 4
#define MAX_FRAME_SIZE (16 << 20) /* a frame pointer that jumps further is none */

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
	if (bpf_probe_read_user(&pc, sizeof(pc), (void *)(cfa - 8)))
		return false;
	if (row->rbp_cfa_offset && bpf_probe_read_user(&at->bp, sizeof(at->bp), (void *)(cfa + row->rbp_cfa_offset)))
		return false;
	if (reads) {
		reads_add(reads, cfa - 8, pc);
		if (row->rbp_cfa_offset)
			reads_add(reads, cfa + row->rbp_cfa_offset, at->bp);
	}
	at->pc = pc;
	at->sp = cfa;
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
	if (saved.pc < 4096 || saved.pc >> 56)
		return END_NO_CFI + 1;
	at->sp = at->bp + 16;
	at->bp = saved.bp;
	at->pc = saved.pc;
	return 0;
}

#define HASH_STEP(hash, word) (((hash) ^ (word)) * 0x9E3779B97F4A7C15ULL)

static __always_inline __u64 hash_fold(__u64 hash)
{
	return hash ^ (hash >> 29);
}

static __always_inline void scratch_add(struct scratch *scratch, __u64 pc)
{
	scratch->frames[scratch->n & (MT_MAX_DEPTH - 1)] = pc;
	scratch->n++;
	scratch->hash = hash_fold(HASH_STEP(scratch->hash, pc));
}

/* Fills scratch->frames from the cursor outwards. */
__noinline int stack_walk(struct scratch *scratch, struct cursor *at, __u32 slot)
{
	struct mt_process *process = process_of_slot(slot);
	int end = 0;
	__u32 i = 1;

	if (!scratch || !at || !process)
		return 0;
	scratch_add(scratch, at->pc);
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
	       stack->kind == scratch->kind && same_frames(stack->first_frame, scratch);
}

/* Room for n words within one page; -1 when there is none. */
static __always_inline __s64 frames_reserve(__u32 n)
{
	for (int attempt = 0; attempt < 3; attempt++) {
		__u64 first;

		if (next_frame_word + n > frame_words)
			return -1;
		first = __sync_fetch_and_add(&next_frame_word, n);
		if (first + n > frame_words)
			return -1;
		if ((first & (MT_FRAME_PAGE - 1)) + n <= MT_FRAME_PAGE)
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

static __always_inline void stack_remember(struct scratch *scratch, const struct stack_request *request, __u32 number)
{
	struct start start = {.pc = request->pc,
	                      .sp = request->base,
	                      .bp = request->bp,
	                      .owner = scratch->owner,
	                      .version = scratch->reads.version};

	memo_keep(&start, &scratch->reads, number);
}

/*
 * The number of the calling thread's stack. The stack begins with return address `pc`,
 * whose caller's stack pointer is `sp`. Never fails: without room it is the process's
 * stack without frames, and the loss is counted.
 */
__noinline int stack_number(struct stack_request *request)
{
	struct mt_process *process;
	struct scratch *scratch;
	struct cursor at;
	int number;

	if (!request)
		return 0;
	process = process_of_slot(request->slot);
	if (!process)
		return 0;
	scratch = scratch_claim();
	if (scratch) {
		at.pc = request->pc;
		at.sp = request->sp;
		at.bp = request->bp;
		scratch->n = 0;
		scratch->flags = 0;
		scratch->kind = request->kind;
		scratch->owner = owner_of(request->slot, process);
		scratch->hash = hash_fold(HASH_STEP(request->kind + 1, (__u64)scratch->owner));
		reads_begin(&scratch->reads, request->base, process->walk_version);
		stack_walk(scratch, &at, request->slot);
		number = stack_find(scratch);
		if (number >= 0 && !scratch->reads.uncertain)
			stack_remember(scratch, request, number);
		scratch_release(scratch);
		if (number >= 0)
			return number;
	}
	COUNT(lost[LOSS_STACK_TABLE_FULL]);
	return MT_NO_STACK(request->slot, request->kind);
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
	for (int i = 0; i < 3; i++) {
		if (!step_wrapper(process, request->slot, &at, NULL))
			break;
	}
	request->pc = at.pc;
	request->sp = at.sp;
	request->bp = at.bp;
	return 0;
}

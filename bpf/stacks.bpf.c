// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table that keeps each distinct stack once. Two stacks are one only if owner, kind and
 * all return addresses agree: a matching hash is always followed by a comparison in full.
 */
#include "machine.bpf.h"
#include "stacks.bpf.h"

const volatile __u32 free_rows_mask = 1023;
const volatile __u32 free_pieces_mask = 1023;
const volatile __u32 index_mask = 1023;
const volatile __u32 scratch_mask = 63;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mt_piece);
} pieces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} free_rows SEC(".maps"), free_pieces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
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

struct mt_free_list row_list, piece_list;
__u64 told_full_ns; /* when memtrace was last woken for want of room */

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

/*
 * Loops over frames count the place in the piece beside the frame, for the verifier to know both: the
 * frames of piece after piece.
 */

/* 1 when the scratch's frames are those from this piece on. */
__noinline int same_frames(__u32 number, struct scratch *scratch)
{
	struct mt_piece *piece = NULL;
	__u32 place = MT_PIECE_FRAMES;
	__u64 differ = 0;

	if (!scratch)
		return 0;
	for (__u32 i = 0; i < MT_MAX_DEPTH; i++, place++) {
		if (i >= stack_depth || i >= scratch->n)
			break;
		if (place == MT_PIECE_FRAMES) {
			piece = bpf_map_lookup_elem(&pieces, &number);
			if (!piece)
				return 0;
			number = piece->next;
			place = 0;
		}
		if (piece)
			differ |= piece->frame[place] ^ scratch->frames[i];
	}
	return !differ;
}

/* Writes the scratch's frames to the free pieces that stand from `taken` on. */
__noinline int copy_frames(__u64 taken, struct scratch *scratch)
{
	struct mt_piece *piece = NULL, *next;
	__u32 place = MT_PIECE_FRAMES;

	if (!scratch)
		return 0;
	for (__u32 i = 0; i < MT_MAX_DEPTH; i++, place++) {
		if (i >= stack_depth || i >= scratch->n)
			break;
		if (place == MT_PIECE_FRAMES) {
			__u32 at = taken++ & free_pieces_mask, number;
			__u64 *free = bpf_map_lookup_elem(&free_pieces, &at);

			number = free ? *free : 0;
			next = bpf_map_lookup_elem(&pieces, &number);
			if (!next)
				return 0;
			if (piece)
				piece->next = number;
			else
				scratch->first_piece = number;
			piece = next;
			place = 0;
		}
		if (piece)
			piece->frame[place] = scratch->frames[i];
	}
	return 1;
}

static __always_inline bool same_stack(const struct mt_stack *stack, struct scratch *scratch)
{
	return stack->hash == scratch->hash && stack->n_frames == scratch->n && stack->owner == scratch->owner &&
	       stack->kind == scratch->kind && stack->code_version == scratch->code_version &&
	       same_frames(stack->first_piece, scratch);
}

static __always_inline void wake_when_passed(struct mt_free_list *list, __u64 taken)
{
	__u64 wake_at = list->wake_at;

	if (wake_at && taken >= wake_at && __sync_val_compare_and_swap(&list->wake_at, wake_at, 0) == wake_at)
		tell_crowded();
}

#define TAKE_ATTEMPTS 32 /* each is lost to another CPU's */

/*
 * Takes n numbers of a list: where they stand in its ring, or -1 without so many. They stay there until
 * the program is done: what is given back overwrites them only after all that ran have ended.
 */
static __always_inline __s64 list_take(struct mt_free_list *list, __u32 n)
{
	for (int attempt = 0; attempt < TAKE_ATTEMPTS; attempt++) {
		__u64 taken = *(volatile __u64 *)&list->taken;

		if (*(volatile __u64 *)&list->given - taken < n)
			return -1;
		if (__sync_val_compare_and_swap(&list->taken, taken, taken + n) != taken)
			continue;
		wake_when_passed(list, taken + n);
		return taken;
	}
	return -1;
}

__noinline __s64 row_take(void)
{
	__s64 taken = list_take(&row_list, 1);
	__u32 at = taken & free_rows_mask;
	__u64 *number = taken < 0 ? NULL : bpf_map_lookup_elem(&free_rows, &at);

	return number ? (__s64)*number : -1;
}

__noinline __s64 pieces_take(__u32 n)
{
	return list_take(&piece_list, n);
}

/*
 * Makes a row for the stack in the scratch and returns its number, or -1 when a table is full. A row
 * that does not get into the index is reclaimed like any other that nothing refers to.
 */
__noinline int stack_add(struct scratch *scratch)
{
	struct mt_stack *stack;
	__s64 row, taken;
	__u32 number;
	int whole;

	if (!scratch)
		return -1;
	row = row_take();
	number = row;
	stack = row < 0 ? NULL : bpf_map_lookup_elem(&stacks, &number);
	if (!stack)
		return -1;
	taken = pieces_take((scratch->n + MT_PIECE_FRAMES - 1) / MT_PIECE_FRAMES);
	whole = taken >= 0 && copy_frames(taken, scratch);
	stack->hash = scratch->hash;
	stack->first_piece = scratch->first_piece;
	stack->n_frames = whole ? scratch->n : 0;
	stack->owner = scratch->owner;
	stack->kind = scratch->kind;
	stack->code_version = scratch->code_version;
	barrier();
	stack->flags = scratch->flags | MT_STACK_USED;
	return whole ? (int)number : -1;
}

#define ATTEMPTS 6
#define NO_ROOM (-1)
#define TRY_NEXT (-2)

static __always_inline bool leads_to(__u64 word, __u64 tag, struct scratch *scratch)
{
	__u32 number = (__u32)word - 1;
	struct mt_stack *stack;

	if (word >> 32 != tag)
		return false;
	stack = bpf_map_lookup_elem(&stacks, &number);
	return stack && same_stack(stack, scratch);
}

/* Makes a row for the stack in the scratch and puts it into the bucket; or another program did. */
__noinline int stack_add_in(struct scratch *scratch, __u32 bucket_index, __u64 tag)
{
	struct mt_index_bucket *bucket = bpf_map_lookup_elem(&stack_index, &bucket_index);

	if (!bucket || !scratch)
		return NO_ROOM;
	if (!scratch->added)
		scratch->added = stack_add(scratch) + 1;
	if (!scratch->added)
		return NO_ROOM;
	for (int i = 0; i < MT_INDEX_SLOTS; i++) {
		__u64 word = bucket->word[i];

		if (!word)
			word = __sync_val_compare_and_swap(&bucket->word[i], 0, tag << 32 | scratch->added);
		if (!word)
			return scratch->added - 1;
		if (leads_to(word, tag, scratch))
			return (__u32)word - 1;
	}
	return TRY_NEXT;
}

/*
 * The number of the stack in the scratch, if the bucket that the hash leads to has it or has
 * room for it.
 */
__noinline int stack_find_in(struct scratch *scratch, __u64 hash)
{
	__u32 bucket_index = hash & index_mask;
	__u64 tag = (hash >> 32) | 1;
	struct mt_index_bucket *bucket = bpf_map_lookup_elem(&stack_index, &bucket_index);
	bool full = true;

	if (!bucket || !scratch)
		return NO_ROOM;
	for (int i = 0; i < MT_INDEX_SLOTS; i++) {
		__u64 word = bucket->word[i];

		full = full && word;
		if (leads_to(word, tag, scratch))
			return (__u32)word - 1;
	}
	return full ? TRY_NEXT : stack_add_in(scratch, bucket_index, tag);
}

/*
 * The number of the stack in the scratch, added when it is new; negative when there is no room.
 * Attempt k looks into the k-th bucket that the hash leads to. Where a word was taken out of an
 * earlier bucket meanwhile, or two programs add the same stack, it gets two rows: reports add up
 * what is the same.
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

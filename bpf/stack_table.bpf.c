// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table that keeps each distinct stack once. Two stacks are one only if owner, kind and
 * all return addresses agree: a matching hash is always followed by a comparison in full.
 */
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

struct mt_free_list row_list, piece_list;
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
__noinline int stack_intern(struct scratch *scratch)
{
	__u64 hash;
	int number = NO_ROOM;

	if (!scratch)
		return NO_ROOM;
	hash = scratch->hash;
	scratch->added = 0;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		number = stack_find_in(scratch, hash);
		if (number != TRY_NEXT)
			break;
		hash = hash_fold(HASH_STEP(hash, attempt + 1));
	}
	return number;
}

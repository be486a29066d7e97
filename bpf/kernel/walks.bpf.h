/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows for the kernel's stacks; walks remembered (kernel/stack.bpf.h). Part of slab.bpf.c's object file
 * (kernel/word.bpf.h says why), and of no other's.
 */
#ifndef MEMTRACE_KERNEL_WALKS_BPF_H
#define MEMTRACE_KERNEL_WALKS_BPF_H

#include "kernel/word.bpf.h"
#include "kernel/stack.bpf.h"

const volatile struct mk_code kernel_code = {};
__u32 kernel_walk_version;

__noinline __u64 kernel_word(__u64 address)
{
	return word_read(address);
}

/* Whom the allocation is laid to. */
static __always_inline __u32 laid_to(const struct allocation *allocation)
{
	if (filter.by == MK_BY_NONE || allocation->context != CONTEXT_TASK)
		return 0;
	return filter.by == MK_BY_PROCESS ? bpf_get_current_pid_tgid() >> 32 : (__u32)bpf_get_current_cgroup_id();
}

/* The verifier lets nobody reckon with what it takes for a pointer, but a half of one is a number. */
static __always_inline __u32 low_half(const void *pointer)
{
	__u32 half = (__u64)pointer;

	asm volatile("%0 = %0" : "+w"(half));
	return half;
}

/* From a place on the task's stack to its top; 0 when it is not on it. */
static __always_inline __u32 depth_bytes(__u64 at)
{
	__u32 used = low_half(bpf_get_current_task_btf()->stack) + KERNEL_STACK_BYTES - (__u32)at;

	return used <= KERNEL_STACK_BYTES ? used : 0;
}

static __always_inline struct kernel_memo_set *memo_set(const struct allocation *allocation)
{
	__u64 hash = HASH_STEP(allocation->call_site + allocation->class.kind, allocation->detail);
	__u32 index = hash >> 40 & (KERNEL_MEMO_SETS - 1);

	return bpf_map_lookup_elem(&kernel_memos, &index);
}

/* Is it of the same event? */
static __always_inline bool memo_fits(const struct kernel_memo *memo, const struct allocation *allocation)
{
	return memo->call_site == allocation->call_site && memo->detail == allocation->detail && memo->depth_bytes &&
	       memo->kind == allocation->class.kind && !memo->busy && memo->version == allocation->walk_version &&
	       memo->by == laid_to(allocation);
}

/* Where a word of a memo is on this stack; without branches, for the verifier. */
static __always_inline __u64 word_place(__s64 place, __u64 at, __u32 depth)
{
	return at + 8 * place + (depth & (place >> 63));
}

static __always_inline bool memo_holds(const struct kernel_memo *memo, __u64 at, __u32 depth)
{
	__u32 n = memo->n;

	for (__u32 i = 0; i < KERNEL_MEMO_WORDS; i++) {
		if (i >= n)
			break;
		if (word_at(word_place(memo->place[i], at, depth)) != memo->word[i])
			return false;
	}
	return true;
}

/* The row of a walk remembered, -1 without one. */
__noinline int kernel_memo_find(struct allocation *allocation)
{
	struct kernel_memo_set *set;
	__u32 depth;

	if (!allocation || !bpf_ksym_exists(bpf_rdonly_cast))
		return -1;
	depth = depth_bytes(allocation->at);
	set = memo_set(allocation);
	if (!set || !depth)
		return -1;
	for (__u32 i = 0; i < KERNEL_MEMO_WAYS; i++) {
		struct kernel_memo *memo = &set->way[i];
		__u32 changes = *(volatile __u32 *)&memo->changes, row = *(volatile __u32 *)&memo->row;

		if (!memo_fits(memo, allocation) || !memo_holds(memo, allocation->at, depth))
			continue;
		if (*(volatile __u32 *)&memo->changes != changes)
			break; /* by a task that came between, where programs can be preempted */
		if (++memo->hits % (memo->hits < MEMO_TRIED ? MEMO_AUDIT : MEMO_AUDIT_TRIED))
			return row;
		allocation->remembered = row + 1;
		break;
	}
	return -1;
}

struct search {
	struct scratch *scratch;
	struct kernel_memo *memo;
	__u32 n; /* frames */
	__u32 spare;
};

/* Without branches, for the verifier; what stands behind the last frame may be found too, and does no harm. */
static __always_inline bool is_frame(const struct scratch *scratch, __u64 word)
{
	__u64 found = 0;

	for (__u32 i = 0; i < KERNEL_MEMO_FRAMES; i++) {
		__u64 differ = scratch->frames[i] ^ word;

		found |= ~(differ | -differ) >> 63;
		OPAQUE(found);
	}
	return found;
}

/* One word of the copy of the stack: is it like a return address? */
static long match_word(__u32 i, struct search *search)
{
	__u64 word = search->scratch->window.word[i & (MT_WINDOW_WORDS - 1)];

	if (!KERNEL_TEXT(word) || !is_frame(search->scratch, word))
		return 0;
	if (search->memo->found < search->n &&
	    search->scratch->frames[search->memo->found & (MT_MAX_DEPTH - 1)] == word)
		search->memo->found++;
	if (search->memo->kept >= KERNEL_MEMO_WORDS) {
		search->memo->found = 0;
		return 1;
	}
	search->memo->place[search->memo->kept & (KERNEL_MEMO_WORDS - 1)] = i;
	search->memo->word[search->memo->kept & (KERNEL_MEMO_WORDS - 1)] = word;
	search->memo->kept++;
	return 0;
}

struct narrowing {
	struct kernel_memo *memo;
	__u64 at;
	__u32 depth;
	__u32 spare;
};

/* Is the word that stands at `from` still in the memo elsewhere, with those up to `kept` and from the next on? */
static __always_inline bool has_another(const struct kernel_memo *memo, __u64 from, __u64 kept)
{
	__u64 word = memo->word[from], n = memo->n, found = 0;

	for (__u64 i = 0; i < KERNEL_MEMO_WORDS; i++) {
		__u64 differ = memo->word[i] ^ word, there = (i - kept) >> 63 | ((from - i) >> 63 & (i - n) >> 63);

		found |= (~(differ | -differ) >> 63) & there;
		OPAQUE(found);
	}
	return found;
}

static long narrow_word(__u32 i, struct narrowing *narrowing)
{
	struct kernel_memo *memo = narrowing->memo;
	__u32 from = i & (KERNEL_MEMO_WORDS - 1), to = memo->kept & (KERNEL_MEMO_WORDS - 1);
	__s64 place = memo->place[from];

	if (word_at(word_place(place, narrowing->at, narrowing->depth)) != memo->word[from]) {
		__s64 from_top = place - memo->depth_bytes / 8;

		if (place >= 0 && word_at(word_place(from_top, narrowing->at, narrowing->depth)) == memo->word[from]) {
			place = from_top;
		} else if (has_another(memo, from, memo->kept)) {
			return 0;
		} else {
			memo->found = 0;
			return 1;
		}
	}
	memo->place[to] = place;
	memo->word[to] = memo->word[from];
	memo->kept++;
	return 0;
}

/*
 * The walk is remembered already, but words differed. Those of its last frames may be at the same distance from the
 * stack's top; the others are no return addresses. Without a word for each frame it is remembered no more.
 */
static __always_inline void memo_narrow(struct kernel_memo *memo, __u64 at, __u32 depth)
{
	struct narrowing narrowing = {.memo = memo, .at = at, .depth = depth};

	memo->kept = 0;
	memo->found = 1;
	bpf_loop(memo->n, narrow_word, &narrowing, 0);
	memo->n = memo->kept;
	if (!memo->found)
		memo->depth_bytes = 0;
}

/* The way that the walk is remembered in already; KERNEL_MEMO_WAYS: none. */
static __always_inline __u64 way_of(struct kernel_memo_set *set, const struct allocation *allocation, __u32 row)
{
	__u64 i;

	for (i = 0; i < KERNEL_MEMO_WAYS; i++) {
		if (set->way[i].row == row && memo_fits(&set->way[i], allocation))
			break;
	}
	OPAQUE(i);
	return i;
}

/* Remembers the walk in scratch->frames, if all its words are found on the stack. */
__noinline int kernel_memo_keep(struct allocation *allocation, struct scratch *scratch, __u32 row)
{
	struct search search = {.scratch = scratch};
	struct kernel_memo_set *set;
	struct kernel_memo *memo;
	__u32 depth, bytes;
	__u64 way;

	if (!allocation || !scratch || !bpf_ksym_exists(bpf_rdonly_cast))
		return 0;
	depth = depth_bytes(allocation->at);
	set = memo_set(allocation);
	search.n = scratch->n;
	bytes = depth < sizeof(scratch->window) ? depth & ~7U : sizeof(scratch->window);
	if (!set || !depth || !search.n || search.n > KERNEL_MEMO_FRAMES)
		return 0;
	way = way_of(set, allocation, row);
	memo = &set->way[(way < KERNEL_MEMO_WAYS ? way : set->next++) & (KERNEL_MEMO_WAYS - 1)];
	if (__sync_lock_test_and_set(&memo->busy, 1))
		return 0;
	memo->changes++;
	if (way < KERNEL_MEMO_WAYS) {
		memo_narrow(memo, allocation->at, depth);
		memo->busy = 0;
		return 0;
	}
	memo->depth_bytes = 0;
	memo->kept = memo->found = 0;
	search.memo = memo;
	if (!bpf_probe_read_kernel(&scratch->window, bytes, (void *)allocation->at))
		bpf_loop(bytes / 8, match_word, &search, 0);
	if (memo->found == search.n) {
		memo->n = memo->kept;
		memo->call_site = allocation->call_site;
		memo->detail = allocation->detail;
		memo->kind = allocation->class.kind;
		memo->by = scratch->code_version;
		memo->version = allocation->walk_version;
		memo->row = row;
		memo->hits = 0;
		barrier();
		memo->depth_bytes = depth;
	}
	barrier();
	memo->busy = 0;
	return 0;
}

static __always_inline bool in_code(const volatile struct mt_range *code, __u64 address)
{
	return address >= code->low && address < code->high;
}

/* The walk begins in the program: the place of the first frame that is a caller of the allocation function. */
__noinline __u32 first_frame(struct allocation *allocation, struct scratch *scratch, __u32 n)
{
	__u32 first = 0;

	if (!allocation || !scratch)
		return 0;
	for (__u32 i = 0; i < LEADING_FRAMES; i++) {
		__u64 address = scratch->frames[i];

		if (i >= n)
			break;
		if (allocation->call_site && address == allocation->call_site)
			return i;
		if (in_code(&kernel_code.tracing, address))
			first = i + 1;
	}
	return first;
}

struct settling {
	struct scratch *scratch;
	__u32 first, n;
	__u32 interrupt; /* the allocation is one's */
	__u32 spare;
};

static long settle_frame(__u32 i, struct settling *settling)
{
	struct scratch *scratch = settling->scratch;
	__u32 from = settling->first + i;
	__u64 address;

	if (from >= settling->n)
		return 1;
	address = scratch->frames[from & (MT_MAX_DEPTH - 1)];
	scratch->frames[i & (MT_MAX_DEPTH - 1)] = address;
	scratch->n = i + 1;
	scratch->hash = hash_fold(HASH_STEP(scratch->hash, address));
	return settling->interrupt &&
	       (in_code(&kernel_code.interrupt, address) || in_code(&kernel_code.softirq, address));
}

/* Moves the frames that count to the front, up to where an interrupt entered; and hashes all that tells stacks apart.
 */
static __always_inline void settle_frames(const struct allocation *allocation, struct scratch *scratch, __u32 first,
                                          __u32 n)
{
	struct settling settling = {
	    .scratch = scratch, .first = first, .n = n, .interrupt = allocation->context != CONTEXT_TASK};
	__u64 hash = hash_fold(HASH_STEP(allocation->class.kind + 1, (__u64)scratch->owner));

	scratch->hash = hash_fold(HASH_STEP(hash, (__u64)scratch->code_version));
	scratch->n = 0;
	bpf_loop(stack_depth, settle_frame, &settling, 0);
}

/* What was remembered and would have been taken: is it the stack that was walked? */
static __always_inline void audit(const struct allocation *allocation, const struct scratch *scratch)
{
	__u32 number = allocation->remembered - 1;
	struct mt_stack *row;

	if (!allocation->remembered)
		return;
	row = bpf_map_lookup_elem(&stacks, &number);
	if (row && (row->hash != scratch->hash || row->n_frames != scratch->n))
		COUNT(lost[LOSS_MISREMEMBERED]);
}

/* The row of the stack that was walked into scratch->frames, `bytes` of it or an error; -1 without room. */
__noinline int kernel_stack_row(struct allocation *allocation, struct scratch *scratch, __s64 bytes)
{
	__u32 n, first;
	int row;

	if (!allocation || !scratch)
		return -1;
	n = bytes > 0 ? (__u32)bytes / 8 : 0;
	if (n > KERNEL_MAX_FRAMES)
		n = KERNEL_MAX_FRAMES;
	scratch->kind = allocation->class.kind;
	scratch->owner = allocation->class_number;
	scratch->code_version = laid_to(allocation);
	scratch->flags = 0;
	first = first_frame(allocation, scratch, n);
	settle_frames(allocation, scratch, first, n);
	if (n == KERNEL_MAX_FRAMES || first + scratch->n < n)
		scratch->flags = allocation->context == CONTEXT_TASK ? END_DEPTH : END_COMPLETE;
	if (bytes < 0)
		scratch->flags = END_READ_FAULT;
	audit(allocation, scratch);
	row = stack_intern(scratch);
	if (row >= 0 && allocation->context == CONTEXT_TASK)
		kernel_memo_keep(allocation, scratch, row);
	return row;
}

#endif

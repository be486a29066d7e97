// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows for the kernel's stacks; walks remembered (kernel/stack.bpf.h). */
#include "kernel/stack.bpf.h"

const volatile struct mk_code kernel_code = {};
__u32 kernel_walk_version; /* one more: what was remembered before is so no more */

/* The linker of BPF objects takes such a function in one of them alone. */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak; /* 6.2 */

static __always_inline __u64 word_at(__u64 address)
{
	/* Any structure that begins with a number of 64 bits will do. */
	struct timespec64 *words = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct timespec64));

	return words->tv_sec;
}

__noinline __u64 kernel_word(__u64 address)
{
	__u64 word = 0;

	if (bpf_ksym_exists(bpf_rdonly_cast))
		return word_at(address);
	bpf_probe_read_kernel(&word, sizeof(word), (void *)address);
	return word;
}

/* Whom the allocation is laid to. */
static __always_inline __u32 laid_to(const struct allocation *allocation)
{
	if (filter.by == MK_BY_NONE || allocation->context != CONTEXT_TASK)
		return 0;
	return filter.by == MK_BY_PROCESS ? bpf_get_current_pid_tgid() >> 32 : (__u32)bpf_get_current_cgroup_id();
}

/* From a place on the task's stack to its top; 0 when it is not on it. */
static __always_inline __u32 depth_bytes(__u64 at)
{
	/* Read as a number: since 6.17 a pointer loaded stays one for the verifier. */
	__u64 base = (__u64)BPF_CORE_READ(bpf_get_current_task_btf(), stack);

	return at - base < KERNEL_STACK_BYTES ? KERNEL_STACK_BYTES - (at - base) : 0;
}

static __always_inline struct kernel_memo *memo_at(const struct allocation *allocation, __u32 depth)
{
	__u64 hash = HASH_STEP(HASH_STEP(allocation->call_site + allocation->class.kind, allocation->detail), depth);
	__u32 index = hash >> 40 & (KERNEL_MEMOS - 1);

	return bpf_map_lookup_elem(&kernel_memos, &index);
}

/* The row of a walk remembered, -1 without one. */
__noinline int kernel_memo_find(struct allocation *allocation)
{
	struct kernel_memo *memo;
	__u32 depth, n;
	__u64 at;

	if (!allocation || !bpf_ksym_exists(bpf_rdonly_cast))
		return -1;
	at = allocation->at;
	depth = depth_bytes(at);
	memo = memo_at(allocation, depth);
	if (!memo || !depth || memo->busy || memo->depth_bytes != depth || memo->call_site != allocation->call_site ||
	    memo->detail != allocation->detail || memo->kind != allocation->class.kind ||
	    memo->version != kernel_walk_version || memo->by != laid_to(allocation))
		return -1;
	n = memo->n;
	for (__u32 i = 0; i < KERNEL_MEMO_WORDS; i++) {
		if (i >= n)
			break;
		if (word_at(at + 8 * memo->at[i]) != memo->word[i])
			return -1;
	}
	if (++memo->hits % MEMO_AUDIT == 0) {
		allocation->remembered = memo->row + 1;
		return -1;
	}
	return memo->row;
}

struct search {
	struct scratch *scratch;
	__u32 n; /* frames */
	__u32 found;
	__u32 ambiguous;
	__u16 at[KERNEL_MEMO_WORDS];
};

/* One word of the copy of the stack: is it the next return address, or like another? */
static long match_word(__u32 i, struct search *search)
{
	__u64 word = search->scratch->window.word[i & (MT_WINDOW_WORDS - 1)];
	__u32 found = search->found;

	if (!KERNEL_TEXT(word))
		return 0;
	if (found < search->n && found < KERNEL_MEMO_WORDS &&
	    search->scratch->frames[found & (MT_MAX_DEPTH - 1)] == word) {
		search->at[found] = i;
		search->found = found + 1;
		return 0;
	}
	for (__u32 j = 0; j < KERNEL_MEMO_WORDS; j++) {
		if (j >= search->n)
			break;
		if (search->scratch->frames[j] == word) {
			search->ambiguous = 1;
			return 1;
		}
	}
	return 0;
}

/* Remembers the walk in scratch->frames, if its words can be told on the stack. */
__noinline int kernel_memo_keep(struct allocation *allocation, struct scratch *scratch, __u32 row)
{
	struct search search = {.scratch = scratch};
	struct kernel_memo *memo;
	__u32 depth, bytes;

	if (!allocation || !scratch || !bpf_ksym_exists(bpf_rdonly_cast))
		return 0;
	depth = depth_bytes(allocation->at);
	memo = memo_at(allocation, depth);
	search.n = scratch->n;
	bytes = depth & ~7U;
	if (!memo || !depth || !search.n || search.n > KERNEL_MEMO_WORDS || bytes > sizeof(scratch->window))
		return 0;
	if (bpf_probe_read_kernel(&scratch->window, bytes, (void *)allocation->at))
		return 0;
	bpf_loop(bytes / 8, match_word, &search, 0);
	if (search.ambiguous || search.found != search.n || __sync_lock_test_and_set(&memo->busy, 1))
		return 0;
	for (__u32 i = 0; i < KERNEL_MEMO_WORDS; i++) {
		if (i >= search.n)
			break;
		memo->at[i] = search.at[i];
		memo->word[i] = scratch->frames[i];
	}
	memo->n = search.n;
	memo->call_site = allocation->call_site;
	memo->detail = allocation->detail;
	memo->kind = allocation->class.kind;
	memo->by = scratch->code_version;
	memo->depth_bytes = depth;
	memo->version = kernel_walk_version;
	memo->row = row;
	memo->hits = 0;
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

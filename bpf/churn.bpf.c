// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lifetimes, sizes and peaks by stack, counted where they happen: no event leaves the kernel for them.
 * All counters only grow but for live_bytes, so that two readings tell what was between.
 */
#include "churn.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_churn);
} churn SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_churn_total);
} churn_totals SEC(".maps");

/* Numbers of nodes are below it. */
const volatile __u32 churn_nodes = 1;

static __always_inline struct mt_churn *churn_of(__u32 stack)
{
	return bpf_map_lookup_elem(&churn, &stack);
}

/* Of the process: node -1. */
static __always_inline struct mt_churn_total *total_of(__u32 slot, __u32 node)
{
	__u32 index = MT_CHURN_TOTAL(slot, churn_nodes, node);

	if (node != (__u32)-1 && node >= churn_nodes)
		return NULL;
	return bpf_map_lookup_elem(&churn_totals, &index);
}

static __always_inline __u32 bucket_of(__u64 x)
{
	__u32 bits = 0;

#pragma unroll
	for (__u32 shift = 32; shift; shift >>= 1) {
		__u32 step = x >> shift ? shift : 0;

		x >>= step;
		bits += step;
	}
	bits += x != 0;
	return bits < MT_CHURN_BUCKETS ? bits : MT_CHURN_BUCKETS - 1;
}

#define PEAK_ATTEMPTS 32 /* each is lost to another CPU that has raised it */

/* Adds to live bytes, and raises their peak. */
static __always_inline void grow(__u64 *live_bytes, __u64 *peak_bytes, __u64 size_bytes)
{
	__u64 live = __sync_fetch_and_add(live_bytes, size_bytes) + size_bytes, peak = *(volatile __u64 *)peak_bytes;

	for (int attempt = 0; attempt < PEAK_ATTEMPTS; attempt++) {
		__u64 seen = peak;

		if ((__s64)live <= (__s64)peak)
			return;
		peak = __sync_val_compare_and_swap(peak_bytes, seen, live);
		if (peak == seen)
			return;
	}
	COUNT(lost[LOSS_PEAKS]);
}

/* What a block counts in: its stack's row, its process's, and that of its node. */
struct counted {
	struct mt_churn *row;
	struct mt_churn_total *process, *node;
};

static __always_inline bool find_counted(const struct mt_block *block, __u32 slot, struct counted *counted)
{
	counted->row = churn_of(block->stack);
	counted->process = total_of(slot, -1);
	counted->node = total_of(slot, MT_ORIGIN_NODE(block->origin));
	return counted->row && counted->process && counted->node;
}

__noinline int churn_allocated(const struct mt_block *block, __u32 slot)
{
	struct counted counted;

	if (!block || !find_counted(block, slot, &counted))
		return 0;
	COUNT(counted.row->sizes[bucket_of(block->size_bytes)]);
	grow(&counted.row->live_bytes, &counted.row->peak_bytes, block->size_bytes);
	grow(&counted.process->live_bytes, &counted.process->peak_bytes, block->size_bytes);
	COUNT(counted.node->alloc_count);
	__sync_fetch_and_add(&counted.node->alloc_bytes, block->size_bytes);
	return 0;
}

/* It is live no more. */
static __always_inline void count_gone(const struct counted *counted, __u64 size_bytes)
{
	__sync_fetch_and_sub(&counted->row->live_bytes, size_bytes);
	__sync_fetch_and_sub(&counted->process->live_bytes, size_bytes);
	COUNT(counted->node->free_count);
	__sync_fetch_and_add(&counted->node->free_bytes, size_bytes);
}

__noinline int churn_missed(const struct mt_block *block, __u32 slot)
{
	struct counted counted;

	if (block && find_counted(block, slot, &counted))
		count_gone(&counted, block->size_bytes);
	return 0;
}

/* Counts where it was freed from: in the place that has the address, or in one that is free. */
static __always_inline void count_place(struct mt_churn *row, __u64 from)
{
	for (int i = 0; i < MT_FREE_PLACES && from; i++) {
		__u64 address = *(volatile __u64 *)&row->places[i].address;

		if (!address) {
			address = __sync_val_compare_and_swap(&row->places[i].address, 0, from);
			address = address ? address : from;
		}
		if (address != from)
			continue;
		COUNT(row->places[i].count);
		return;
	}
	COUNT(row->elsewhere_count);
}

static __always_inline bool by_this_thread(const struct mt_block *block)
{
	return MT_ORIGIN_REST(block->origin) == MT_ORIGIN_REST(MT_ORIGIN(0, (__u32)bpf_get_current_pid_tgid()));
}

__noinline int churn_freed(const struct mt_block *block, __u32 slot, __u64 from)
{
	struct counted counted;
	__u64 lifetime_ns;

	if (!block)
		return 0;
	lifetime_ns = bpf_ktime_get_ns() - block->time_ns;
	if (!find_counted(block, slot, &counted))
		return 0;
	COUNT(counted.row->lifetimes_ns[bucket_of(lifetime_ns)]);
	if (lifetime_ns < MT_SOON_NS) {
		COUNT(counted.row->soon_count);
		__sync_fetch_and_add(&counted.row->soon_bytes, block->size_bytes);
	}
	if (!by_this_thread(block))
		COUNT(counted.row->other_thread_count);
	if (bpf_get_numa_node_id() != MT_ORIGIN_NODE(block->origin))
		COUNT(counted.node->other_node_count);
	count_place(counted.row, from);
	count_gone(&counted, block->size_bytes);
	return 0;
}

__noinline int churn_regrown(__u32 stack, __u64 old_bytes, __u64 new_bytes, bool moved)
{
	struct mt_churn *row = churn_of(stack);

	if (!row)
		return 0;
	if (moved)
		__sync_fetch_and_add(&row->moved_bytes, old_bytes < new_bytes ? old_bytes : new_bytes);
	if (old_bytes < new_bytes)
		COUNT(row->regrown_count);
	if (moved && old_bytes < new_bytes)
		__sync_fetch_and_add(&row->outgrown_bytes, old_bytes);
	return 0;
}

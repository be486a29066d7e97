// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of an allocation and a free of the kernel's: live block, sums, what a filter leaves out. */
#include "kernel/kernel.bpf.h"

__u32 kernel_traced;
/* Of each kind, where one block is or was: all bits of its address, of which keys keep 48. */
__u64 whole_addresses[KIND_COUNT];

/* Thread groups that --pid names, in the initial PID namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} wanted_processes SEC(".maps");

/* What an interrupt allocates is nobody's whom it interrupted. */
__noinline bool filter_passes(const struct allocation *allocation)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!allocation)
		return false;
	if ((filter.processes || filter.cgroup) && allocation->context != CONTEXT_TASK)
		return false;
	if (filter.processes && !bpf_map_lookup_elem(&wanted_processes, &tgid))
		return false;
	return !filter.cgroup || bpf_get_current_ancestor_cgroup_id(filter.cgroup_level) == filter.cgroup;
}

/* What is still live of the address must have been freed unseen. */
static __always_inline void block_replaced(const struct mt_block *old)
{
	__u32 number = old->stack;
	struct mt_stack *row = bpf_map_lookup_elem(&stacks, &number);
	struct mk_class *class;

	COUNT(lost[LOSS_MISSED_FREES]);
	if (row && number >= MK_MAX_CLASSES)
		number = row->owner;
	class = bpf_map_lookup_elem(&classes, &number);
	if (class)
		COUNT(class->free_unseen);
	stack_count_free(old->stack, MK_REQUESTED(old->size_bytes));
}

/*
 * When the first event of this tick was, for the clock costs as much as storing the block; and some nanoseconds more:
 * no two blocks at one address are of the same time, by which src/collect/live.c knows that it has read a whole one.
 */
static __always_inline __u64 allocation_time(void)
{
	__u64 tick = bpf_jiffies64();
	__u32 zero = 0;
	struct cpu_state *cpu = bpf_map_lookup_elem(&cpu_states, &zero);

	if (!cpu)
		return bpf_ktime_get_ns();
	if (cpu->tick != tick) {
		cpu->tick_ns = bpf_ktime_get_ns();
		cpu->tick = tick;
	}
	return cpu->tick_ns + (cpu->blocks++ & 0xffff);
}

/* Its row is known: stores the block and adds it up. */
__noinline int block_allocated(struct allocation *allocation)
{
	struct mt_block block, old = {};
	__u64 slack;
	int result;

	if (!allocation)
		return 0;
	if (allocation->class.kind < KIND_COUNT && !whole_addresses[allocation->class.kind])
		whole_addresses[allocation->class.kind] = allocation->place;
	slack = allocation->slack_bytes < MK_MAX_SLACK ? allocation->slack_bytes : MK_MAX_SLACK;
	block.size_bytes = MK_SIZE(allocation->requested_bytes, slack);
	block.time_ns = allocation_time();
	block.stack = allocation->row;
	block.origin = MT_ORIGIN(bpf_get_numa_node_id(), allocation->node + 1);
	result = live_replace(allocation->class.kind, allocation->address, &block, &old);
	if (result & LIVE_REPLACED)
		block_replaced(&old);
	if (result & LIVE_FULL)
		COUNT(lost[LOSS_LIVE_TABLE_FULL]);
	else
		stack_count_alloc(allocation->row, allocation->requested_bytes);
	return 0;
}

static __always_inline void count_unknown(const struct freed *freed)
{
	struct mk_class_key key = {.kind = freed->kind, .cache = freed->cache};
	struct mk_class *class;
	__u32 number;

	if (freed->kind != KIND_SLAB)
		return;
	if (!key.cache)
		find_cache(freed->object, &key);
	if (!key.cache)
		return;
	number = class_number(&key);
	class = bpf_map_lookup_elem(&classes, &number);
	if (class)
		COUNT(class->free_unknown);
}

__noinline int block_freed_at(struct freed *freed)
{
	struct mt_block block = {};

	if (!freed)
		return 0;
	if (live_take(freed->kind, freed->address, &block))
		stack_count_free(block.stack, MK_REQUESTED(block.size_bytes));
	else
		count_unknown(freed);
	return 0;
}

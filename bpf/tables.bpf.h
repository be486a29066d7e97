/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps and counters that all programs share. Defined once: maps are weak, variables stand in calls.bpf.c. */
#ifndef MEMTRACE_TABLES_BPF_H
#define MEMTRACE_TABLES_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "memtrace.h"
#include "threads.bpf.h"

/* Counters, read by src/collect. */
extern const volatile bool check_process, churns;
extern __u64 lost[LOSS_COUNT];
extern __u64 abandoned_calls, unknown_frees, inherited_frees;

#define COUNT(counter) __sync_fetch_and_add(&(counter), 1)
/* Keeps the compiler from turning arithmetic on the value back into branches. */
#define OPAQUE(value) asm volatile("" : "+r"(value))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct mt_process);
} processes SEC(".maps") __weak;

/* tgid in the initial PID namespace to process slot */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mt_stack);
} stacks SEC(".maps") __weak;

/* Wakes memtrace, if there is room in `events`. */
static __always_inline void tell_crowded(void)
{
	struct mt_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return;
	__builtin_memset(event, 0, sizeof(*event));
	event->type = MT_EVENT_CROWDED;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline struct mt_process *process_of_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&processes, &slot);
}

/* The calling thread's process slot, or -1 when it is not a target's. */
static __always_inline long current_slot(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 *slot = bpf_map_lookup_elem(&slots, &tgid);

	return slot ? (long)*slot : -1;
}

static __always_inline __u64 owner_of(__u32 slot, const struct mt_process *process)
{
	return MT_OWNER(slot, process->generation);
}

static __always_inline bool in_ranges(const struct mt_range *ranges, int n, __u64 address)
{
	for (int i = 0; i < n; i++) {
		if (address >= ranges[i].low && address < ranges[i].high)
			return true;
	}
	return false;
}

/* Statistics are only added for blocks that were stored. Sizes in bytes. */
static __always_inline void stack_count_alloc(__u32 number, __u64 size_bytes)
{
	struct mt_stack *stack = bpf_map_lookup_elem(&stacks, &number);

	if (!stack)
		return;
	__sync_fetch_and_add(&stack->alloc_bytes, size_bytes);
	__sync_fetch_and_add(&stack->alloc_count, 1);
}

/* Last of all: a row with as many frees as allocations may be given back. */
static __always_inline void stack_count_free(__u32 number, __u64 size_bytes)
{
	struct mt_stack *stack = bpf_map_lookup_elem(&stacks, &number);
	__u64 before;

	if (!stack)
		return;
	__sync_fetch_and_add(&stack->free_bytes, size_bytes);
	/* Whose value is asked for is in order with what went before it, on aarch64 too. */
	before = __sync_fetch_and_add(&stack->free_count, 1);
	OPAQUE(before);
}

/* live.bpf.c */
#define LIVE_STORED 0
#define LIVE_FULL 1
#define LIVE_REPLACED 2
int live_put(__u64 owner, __u64 address, const struct mt_block *block);
int live_replace(__u64 owner, __u64 address, const struct mt_block *block, struct mt_block *old);
int live_take(__u64 owner, __u64 address, struct mt_block *block);

#endif

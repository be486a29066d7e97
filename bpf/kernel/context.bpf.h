/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The context that a program on a tracepoint runs in, and how no event is lost to another's.
 *
 * The kernel skips a program that is running on this CPU already: what an interrupt allocates or frees while a
 * program is at work in the task it interrupted would go unseen, and a free unseen is a false leak. So each
 * program is there three times (THRICE). Of an event's three the first that is not being run below does the work
 * and leaves the object's address for the others to see. Contexts nest at most three deep (task, softirq, hardirq;
 * nobody allocates in an NMI), so there is always one.
 *
 * Since Linux 7.0 programs on tracepoints can be preempted. There the mark is the task's own, and more than three
 * may be under way on a CPU: an event is lost when all three were skipped, which happens at most as often as the
 * one of them that was skipped least (src/collect/kernel_session.c).
 */
#ifndef MEMTRACE_KERNEL_CONTEXT_BPF_H
#define MEMTRACE_KERNEL_CONTEXT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "memtrace_kernel.h"

enum context {
	CONTEXT_TASK,
	CONTEXT_SOFTIRQ,
	CONTEXT_HARDIRQ,
	CONTEXT_COUNT,
};

/* Bits of the preemption count, include/linux/preempt.h: softirq is being served; hardirq and NMI. */
#define SERVING_SOFTIRQ 0x100
#define IN_HARDIRQ 0xff0000

/* walks.bpf.h: a word of the kernel's memory; 0 where there is none. */
__u64 kernel_word(__u64 address);

/* cpus.bpf.c fills it; by number of the CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mk_cpu);
} cpus SEC(".maps") __weak;

/* Events that have programs. */
enum event {
	EVENT_KMALLOC,
	EVENT_KMALLOC_NODE,
	EVENT_KFREE,
	EVENT_CACHE_ALLOC,
	EVENT_CACHE_ALLOC_NODE,
	EVENT_CACHE_FREE,
	EVENT_PAGE_ALLOC,
	EVENT_PAGE_FREE,
	EVENT_PAGE_FREE_BATCHED,
	EVENT_PERCPU_ALLOC,
	EVENT_PERCPU_FREE,
	EVENT_VMAP_ALLOC,
	EVENT_VMAP_FREE,
	EVENT_COUNT,
};

/*
 * By event: the object whose event has been dealt with. The third program clears the mark; where it was skipped, the
 * second has left one that the next event's second does not take for its own.
 */
struct event_marks {
	__u64 object[EVENT_COUNT];
};

#define MARK_BY_SECOND 1ULL /* no object has an odd address */

struct cpu_state {
	__u64 preempt_count_at; /* x86-64: address of the CPU's preemption count; cpus.bpf.c finds it */
	__u64 tick, tick_ns;    /* the last one that an event came in: jiffies, and when */
	__u64 blocks;           /* allocated on it */
	struct event_marks marks[CONTEXT_COUNT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpu_states SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct event_marks);
} task_marks SEC(".maps") __weak;

extern const volatile bool preemptible; /* programs on tracepoints are */

#if defined(__TARGET_ARCH_x86)
static __always_inline __u32 preempt_count(const struct cpu_state *cpu)
{
#ifdef MEMTRACE_KERNEL_WORD_BPF_H
	return word_read(cpu->preempt_count_at);
#else
	return kernel_word(cpu->preempt_count_at);
#endif
}
#else
struct preemption {
	__u32 count;
} __attribute__((preserve_access_index));

struct thread_info___arm64 {
	struct preemption preempt;
} __attribute__((preserve_access_index));

struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
} __attribute__((preserve_access_index));

static __always_inline __u32 preempt_count(const struct cpu_state *cpu)
{
	return BPF_CORE_READ((struct task_struct___arm64 *)bpf_get_current_task(), thread_info.preempt.count);
}
#endif

static __always_inline enum context current_context(const struct cpu_state *cpu)
{
	__u32 count = preempt_count(cpu);

	if (count & IN_HARDIRQ)
		return CONTEXT_HARDIRQ;
	return count & SERVING_SOFTIRQ ? CONTEXT_SOFTIRQ : CONTEXT_TASK;
}

static __always_inline struct event_marks *marks_of(struct cpu_state *cpu, enum context context)
{
	if (preemptible && context == CONTEXT_TASK)
		return bpf_task_storage_get(&task_marks, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return &cpu->marks[context];
}

/*
 * Is this the program of an event's three (0, 1, 2 in their order) that is to deal with it? Most often the second and
 * the third have nothing else to do, so they ask before they look at anything.
 */
static __always_inline bool my_turn(enum event event, __u32 which, __u64 object, __u16 *context)
{
	__u32 zero = 0;
	struct cpu_state *cpu = bpf_map_lookup_elem(&cpu_states, &zero);
	struct event_marks *marks;
	__u64 mark;
	bool done;

	if (!cpu)
		return false;
	*context = current_context(cpu);
	marks = marks_of(cpu, *context);
	if (!marks)
		return which == 0;
	mark = marks->object[event];
	done = which && (mark == object || (which == 2 && mark == (object | MARK_BY_SECOND)));
	marks->object[event] = which == 2 ? 0 : which == 1 ? object | MARK_BY_SECOND : object;
	return !done;
}

#define THRICE(section, name) \
	SEC(section) \
	int name(__u64 *ctx) \
	{ \
		return name##_once(ctx, 0); \
	} \
	SEC(section) \
	int name##_second(__u64 *ctx) \
	{ \
		return name##_once(ctx, 1); \
	} \
	SEC(section) \
	int name##_third(__u64 *ctx) \
	{ \
		return name##_once(ctx, 2); \
	}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracepoints of kernel memory: which there are, and what they tell (bpf/kernel). */
#ifndef MEMTRACE_PROBE_KERNEL_EVENTS_H
#define MEMTRACE_PROBE_KERNEL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "memtrace_kernel.h"
#include "model/kind.h"

/* A tracepoint and its program, without the ones behind it (bpf/kernel/context.bpf.h). */
struct kernel_event_row {
	const char *event;
	const char *program;
	enum block_kind kind;
};

extern const struct kernel_event_row kernel_event_rows[];
extern const size_t n_kernel_event_rows;

/* A function of the kernel that frees without an event, and the program that hangs on it where that is allowed. */
struct kernel_function_row {
	const char *function;
	const char *program;
};

extern const struct kernel_function_row kernel_function_rows[];
extern const size_t n_kernel_function_rows;

struct kernel_types;

/* The running kernel's types. 0 or -errno. */
int kernel_types_new(struct kernel_types **result);
void kernel_types_free(struct kernel_types *types);

/* Does the kernel have this tracepoint? */
bool kernel_event_exists(const struct kernel_types *types, const char *event);

/* Does the kernel have this function, under that very name? */
bool kernel_function_exists(const struct kernel_types *types, const char *function);

/* Which arguments the events have. */
struct mk_shapes kernel_event_shapes(const struct kernel_types *types);

/* Places in the per-CPU section; 0: not known. */
struct kernel_percpu {
	__u64 hrtimer_bases, preempt_count;
};

struct kernel_percpu kernel_percpu_places(const struct kernel_types *types);

/* Bits of a page's flags below the node's, and bytes of a struct page; 0: not known. */
unsigned int kernel_node_shift(const struct kernel_types *types);
unsigned int kernel_page_struct_bytes(const struct kernel_types *types);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and these privileges allow: a table, each row naming the change that brought it. */
#ifndef MEMTRACE_PROBE_FEATURES_H
#define MEMTRACE_PROBE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

enum feature {
	FEATURE_BTF,
	FEATURE_BPF,
	FEATURE_RING_BUFFER,
	FEATURE_TASK_STORAGE,
	FEATURE_COOKIE,
	FEATURE_ITER_TASK,
	FEATURE_SYSCALL_TRACEPOINTS,
	FEATURE_LOOP,
	FEATURE_UPROBE_PERF,
	FEATURE_UPROBE_MULTI,
	FEATURE_UPROBE_SESSION,
	FEATURE_SECCOMP_URETPROBE,
	FEATURE_BTF_TRACEPOINTS,
	FEATURE_ITER_SLAB,
	FEATURE_FENTRY,
	FEATURE_COUNT,
};

/* What memtrace does. */
enum feature_use {
	USE_PROCESSES = 1, /* tracing processes */
	USE_KERNEL = 2,    /* tracing the kernel's own memory */
};

struct feature_row {
	const char *name;
	const char *since;     /* kernel version */
	const char *commit;    /* of the Linux kernel */
	const char *without;   /* what memtrace does without it */
	unsigned int required; /* bits of feature_use: what cannot do without */
};

extern const struct feature_row feature_rows[FEATURE_COUNT];

/* Tries it on the running kernel. The answer is remembered. */
bool feature_present(enum feature feature);

/*
 * The kernel may preempt programs on tracepoints, and then skips them for other tasks: since Linux 7.0, commit
 * a46023d5616e.
 */
bool features_tracepoints_preempted(void);

/* Programs on typed tracepoints may read arguments of type const void *: since Linux 6.16, commit 1271a40eeafa. */
bool features_const_void_arguments(void);

/* What tracing a process needs: 0, or -ENOTSUP or -EPERM with one line in `error` saying what lacks and what to do. */
int features_require(char *error, size_t error_size);
/* The same of tracing the kernel's own memory. */
int features_require_kernel(char *error, size_t error_size);

#endif

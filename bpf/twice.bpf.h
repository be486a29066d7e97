/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program on a tracepoint, and the same once more behind it.
 *
 * Since Linux 7.0 (commit a46023d5616e) such programs can be preempted, and the kernel skips one that
 * another task is in the middle of on the same CPU. What the first was skipped for the second does, and
 * where the first ran the second finds its work done. So nothing is lost unless both were skipped; that
 * happens at most as often as the one of them that was skipped less (src/collect/drain.c).
 * Older kernels get the first alone.
 *
 * The function NAME_once(context, again) does the work; `again` says that it is the second. It must
 * tell by what it left, for this thread, whether the first has run.
 */
#ifndef MEMTRACE_TWICE_BPF_H
#define MEMTRACE_TWICE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define TWICE(section, name, context) \
	SEC(section) \
	int name(context *ctx) \
	{ \
		return name##_once(ctx, false); \
	} \
	SEC(section) \
	int name##_again(context *ctx) \
	{ \
		return name##_once(ctx, true); \
	}

#endif

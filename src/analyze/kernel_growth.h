/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own count against what events tell: which caches grew, by how much stacks explain it, and where the
 * events cannot be all.
 */
#ifndef MEMTRACE_ANALYZE_KERNEL_GROWTH_H
#define MEMTRACE_ANALYZE_KERNEL_GROWTH_H

#include "analyze/cache_series.h"
#include "analyze/select.h"
#include "model/snapshot.h"

struct kernel_selection {
	size_t top; /* caches, and stacks of each cache and kind, that are shown; 0: all */
	uint64_t min_growth_bytes;
	const char *cache;             /* shown whether it grew or not; NULL: none */
	enum select_key sort;          /* of the stacks; by growth, of the caches too */
	const struct snapshot *before; /* the one before, for SELECT_GROWTH; NULL: everything has grown from nothing */
	struct cache_series *series;   /* what the reports so far say of each cache; NULL: no verdicts on caches */
};

/*
 * Of a snapshot of command "kernel" whose equal stacks are merged, and symbolized: takes pages out that are counted
 * elsewhere, fills what caches and stacks are said to explain, totals and ends, and puts caches and stacks in the
 * order in which they are shown. 0 or -ENOMEM.
 */
int kernel_growth(struct snapshot *snapshot, const struct kernel_selection *selection);

#endif

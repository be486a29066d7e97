/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which stacks a report shows, and in what order. */
#ifndef MEMTRACE_ANALYZE_SELECT_H
#define MEMTRACE_ANALYZE_SELECT_H

#include "model/snapshot.h"

/* The key of --sort; the largest comes first. */
enum select_key {
	SELECT_BYTES, /* live bytes */
	SELECT_COUNT, /* live blocks */
	/*
	 * What hurts most: growing stacks, by the lower bound of their slope; then those without a verdict, and last
	 * those that do not grow, by live bytes more than in the snapshot before.
	 */
	SELECT_GROWTH,
	SELECT_AGE,       /* of the oldest live block */
	SELECT_ALLOCATED, /* bytes since attaching */
	/* Of memtrace churn: */
	SELECT_RATE,        /* allocations since then */
	SELECT_BYTE_RATE,   /* their bytes */
	SELECT_SHORT_LIVED, /* blocks freed soon, since attaching */
};

/*
 * Orders snapshot->stacks by the key, so that those to show come first, and sets
 * n_stacks_shown: at most `top` of each process, of those with live blocks (of
 * keys about allocations: of those that have allocated, since then); with
 * `top` 0 every stack that has ever allocated.
 *
 * `before` is the snapshot before, for SELECT_GROWTH; NULL: everything has grown
 * from nothing. Stacks are the same if process, kind and all addresses agree. Equal
 * keys are ordered by live bytes, live blocks, process, kind and addresses, so the
 * order does not depend on that in which the stacks were read. 0 or -ENOMEM, and
 * then nothing has changed.
 */
int select_stacks(struct snapshot *snapshot, const struct snapshot *before, enum select_key key, size_t top);

/*
 * Sets growth_bytes of all stacks, against the snapshot before; NULL: everything has grown from nothing. 0 or -ENOMEM.
 */
int select_find_growth(struct snapshot *snapshot, const struct snapshot *before);

/* The order of SELECT_GROWTH, as qsort(3) has it, of what has a verdict and has grown by so much. */
int select_compare_growth(const struct verdict *a, int64_t a_growth_bytes, const struct verdict *b,
                          int64_t b_growth_bytes);

#endif

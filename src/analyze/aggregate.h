/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over the stacks of a snapshot. */
#ifndef MEMTRACE_ANALYZE_AGGREGATE_H
#define MEMTRACE_ANALYZE_AGGREGATE_H

#include "model/snapshot.h"

/*
 * Makes one row per process and kind of the stacks that have no addresses (their
 * entries were reclaimed or lost) and gives equal stacks one row. The order of the
 * rows changes. Stacks must not be symbolized yet. 0 or -ENOMEM.
 */
int aggregate_merge(struct snapshot *snapshot);

/*
 * Fills totals, kinds, incomplete_stacks, ends, the placement and, of each process, usage
 * and placement from the stacks. Placements must have their nodes already; the first one gets
 * what has no nodes. A stack is incomplete when it ends otherwise than END_COMPLETE; a row
 * without addresses is none.
 */
void aggregate_sum(struct snapshot *snapshot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what was read of the processes' memory to what is leaked. */
#ifndef MEMTRACE_ANALYZE_LEAKS_H
#define MEMTRACE_ANALYZE_LEAKS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"

/*
 * Judges the blocks of a snapshot that has blocks and scans: each stack becomes a row for each class that its live
 * blocks are of, with those alone; what was allocated and freed stands in each. Rows of other blocks go, and of
 * reachable ones unless they are asked for; sums of the snapshot must have been made. Sets snapshot->leaks. 0 or
 * -errno, and then some rows may be judged, others not.
 */
int leaks_judge(struct snapshot *snapshot, bool with_reachable);

/*
 * Blocks younger than that are no longer among what stacks have live, but still lead to others. Before sums are made
 * and blocks are judged.
 */
void leaks_leave_out_younger(struct snapshot *snapshot, uint64_t older_ns);

#endif

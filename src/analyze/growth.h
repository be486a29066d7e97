/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts on stacks from the reports of a run. */
#ifndef MEMTRACE_ANALYZE_GROWTH_H
#define MEMTRACE_ANALYZE_GROWTH_H

#include "model/snapshot.h"

struct growth;

/* Of the memory that memtrace may take for its tables, the part that is meant for this. */
#define GROWTH_MEMORY_PART 8

/* For as many stacks as fit into max_bytes; further ones get no verdict. NULL: out of memory. */
struct growth *growth_new(uint64_t max_bytes);
void growth_free(struct growth *growth);

/*
 * Takes up the next snapshot of the run. Its equal stacks are merged, and in the order in which aggregate_merge() has
 * put them. Stacks that are in it no more are forgotten; rows that are sums of several stacks are left out. 0 or
 * -ENOMEM, and then nothing has changed.
 */
int growth_add(struct growth *growth, const struct snapshot *snapshot);

/* Fills in what can be said of the stacks of a snapshot, in the same order, from those taken up so far. */
void growth_judge(const struct growth *growth, struct snapshot *snapshot);

#endif

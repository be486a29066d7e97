/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the stacks of a snapshot have counted to rates, and to the totals of processes. */
#ifndef MEMTRACE_ANALYZE_CHURN_H
#define MEMTRACE_ANALYZE_CHURN_H

#include "model/snapshot.h"

/*
 * What each stack, and each node, has allocated since the snapshot before; NULL: since attaching. Of `before` nothing
 * but usage and the processes' nodes is asked. 0 or -ENOMEM.
 */
int churn_find_recent(struct snapshot *snapshot, const struct snapshot *before);

/* Adds stacks up for each process, and processes for the snapshot. 0 or -ENOMEM. */
int churn_sum(struct snapshot *snapshot);

/* Gives up all but usage, once the snapshot serves only to be compared with. */
void churn_drop(struct snapshot *snapshot);

#endif

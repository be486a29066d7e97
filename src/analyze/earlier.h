/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the stacks of a snapshot in one before it: process, kind and all addresses agree. */
#ifndef MEMTRACE_ANALYZE_EARLIER_H
#define MEMTRACE_ANALYZE_EARLIER_H

#include "model/snapshot.h"

struct earlier {
	const struct snapshot *snapshot;
	const struct stack **sorted; /* by identity */
};

/* `snapshot` may be NULL: nothing is found in it. It must outlive the index. 0 or -ENOMEM. */
int earlier_init(struct earlier *earlier, const struct snapshot *snapshot);
void earlier_free(struct earlier *earlier);

/* The stack of `now` as it was; NULL if it was not there. */
const struct stack *earlier_find(const struct earlier *earlier, const struct snapshot *now, const struct stack *stack);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a form with one value for each stack shows. */
#ifndef MEMTRACE_REPORT_VIEW_H
#define MEMTRACE_REPORT_VIEW_H

#include <stdint.h>

#include "model/snapshot.h"

enum view {
	VIEW_LIVE,   /* live bytes */
	VIEW_CHURN,  /* bytes allocated since attaching */
	VIEW_GROWTH, /* live bytes at the moment that is shown of a recording, beyond those at its first */
	VIEW_COUNT,
};

/* Bytes of a stack, which is one of snapshot->stacks. 0 is nothing to show: growth without a recording, or none. */
uint64_t view_bytes(const struct snapshot *snapshot, const struct stack *stack, enum view view);

/*
 * What a stack has allocated, where adding it up is right: memtrace leaks has a row for each class of a stack's live
 * blocks, and what was allocated and freed again is of no class. All 0 there.
 */
struct usage view_allocated(const struct stack *stack);

#endif

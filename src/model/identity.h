/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When two stacks, of one snapshot or of two, are one: process, kind and all return addresses, in the same code, agree.
 */
#ifndef MEMTRACE_MODEL_IDENTITY_H
#define MEMTRACE_MODEL_IDENTITY_H

#include "model/snapshot.h"

/* A total order over the stacks of any snapshots: < 0, 0 (the same stack) or > 0. */
int identity_compare(const struct snapshot *snapshot_a, const struct stack *a, const struct snapshot *snapshot_b,
                     const struct stack *b);

#endif

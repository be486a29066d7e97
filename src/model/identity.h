/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When two stacks, of one snapshot or of two, are one: process, kind and all return addresses, in the same code, agree.
 * And when two processes are.
 */
#ifndef MEMTRACE_MODEL_IDENTITY_H
#define MEMTRACE_MODEL_IDENTITY_H

#include "model/snapshot.h"

/* A total order over the stacks of any snapshots: < 0, 0 (the same stack) or > 0. */
int identity_compare(const struct snapshot *snapshot_a, const struct stack *a, const struct snapshot *snapshot_b,
                     const struct stack *b);

/* Index of the process in the snapshot, looked for first where `guess` says; SIZE_MAX: it is not there. */
size_t identity_find_process(const struct snapshot *snapshot, const struct process *process, size_t guess);

#endif

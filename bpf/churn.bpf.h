/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Churn: what happens to a stack's blocks between allocation and free. Only where `churns` is set. */
#ifndef MEMTRACE_CHURN_BPF_H
#define MEMTRACE_CHURN_BPF_H

#include "tables.bpf.h"

/* A block was stored. */
int churn_allocated(const struct mt_block *block, __u32 slot);
/* The calling thread gives it up, by a call that returns to `from`; 0: not known. */
int churn_freed(const struct mt_block *block, __u32 slot, __u64 from);
/* It is gone, without memtrace having seen its free. */
int churn_missed(const struct mt_block *block, __u32 slot);
/* A call of realloc, with this stack, has made of a block one of another size. */
int churn_regrown(__u32 stack, __u64 old_bytes, __u64 new_bytes, bool moved);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_UNWIND_BPF_H
#define MEMTRACE_UNWIND_BPF_H

#include "stacks.bpf.h"

/*
 * Fills scratch->frames from scratch->position outwards, where it has one already, and says in scratch->flags how that
 * ended.
 */
int unwind_stack(struct scratch *scratch, __u32 slot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_UNWIND_BPF_H
#define MEMTRACE_UNWIND_BPF_H

#include "stacks.bpf.h"

/* Is there a way to walk by call frame information on this kernel (bpf_loop, 5.17)? */
extern const volatile bool unwind_tables;

/*
 * Fills scratch->frames from scratch->position outwards, where it has one already, and says in scratch->flags how that
 * ended.
 */
int unwind_stack(struct scratch *scratch, __u32 slot);

/*
 * Code at address, length is being unmapped: nothing is unwound by what was there. The process's
 * code_version from now on; 0 when there was none.
 */
__u32 unwind_code_gone(__u32 slot, __u64 address, __u64 length);

#endif

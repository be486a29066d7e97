/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Alternate signal stacks of a process (sigaltstack(2)), as the kernel has them. */
#ifndef MEMTRACE_COLLECT_SIGNAL_STACKS_H
#define MEMTRACE_COLLECT_SIGNAL_STACKS_H

#include <stdint.h>

struct target;

/* Calls `found` with the beginning of each thread's, until it returns non-zero: 0, that, or -errno. */
int signal_stacks_each(const struct target *target, int (*found)(void *context, uint64_t start), void *context);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to functions, files and lines.
 *
 * One symbolizer serves a whole run and keeps what it has read of each module
 * (by build ID, else by device and inode). The strings of the frames it makes
 * belong to it.
 */
#ifndef MEMTRACE_SYMBOLIZE_SYMBOLIZER_H
#define MEMTRACE_SYMBOLIZE_SYMBOLIZER_H

#include "model/snapshot.h"

struct symbolizer;

/* NULL when out of memory. */
struct symbolizer *symbolizer_new(void);
void symbolizer_free(struct symbolizer *symbolizer);

/*
 * Fills stack->frames from stack->addresses (return addresses, innermost first),
 * inlined callers included, without the allocation function's own wrappers
 * (operator new and new[], sbrk, mmap, …) on top. Returns 0 or -errno; an address
 * that cannot be resolved is no error: its frame has no function.
 */
int symbolizer_stack(struct symbolizer *symbolizer, const struct process *process, struct stack *stack);

#endif

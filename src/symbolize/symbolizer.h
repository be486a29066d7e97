/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to functions, files and lines.
 *
 * One symbolizer serves a whole run and keeps what it has read of each module
 * (by build ID, else by device and inode). The strings of the frames it makes
 * belong to it; they are UTF-8 without control characters, whatever the files hold.
 *
 * A module is read through its fd when the first address in it is asked for, whole, and
 * never after that; the fd's file position is neither used nor moved. One symbolizer
 * must not be used by two threads at once.
 */
#ifndef MEMTRACE_SYMBOLIZE_SYMBOLIZER_H
#define MEMTRACE_SYMBOLIZE_SYMBOLIZER_H

#include "model/snapshot.h"

struct symbolizer;

/* NULL when out of memory. */
struct symbolizer *symbolizer_new(void);
void symbolizer_free(struct symbolizer *symbolizer);

/*
 * Asks the servers of DEBUGINFOD_URLS for debug files that are not on this machine, from now
 * on. `progress`: with a line on standard error while one is awaited. 0 or -errno with one
 * line in `error`.
 */
int symbolizer_use_debuginfod(struct symbolizer *symbolizer, bool progress, char *error, size_t error_size);

/*
 * Fills stack->frames from stack->addresses (return addresses, innermost first),
 * inlined callers included, without the allocation function's own wrappers
 * (operator new and new[], sbrk, mmap, …) on top, unless nothing else is left. Frames
 * that are there already are freed. Returns 0 or -errno, and then the stack is as it was;
 * an address that cannot be resolved is no error: its frame has no function, and where
 * nothing is mapped "[unknown]" as module. Where the mapped file was replaced and cannot be
 * read any more, it has "[NAME: replaced]" as module rather than what the new file says.
 *
 * frame->file is as in the line table: relative to the compilation directory for what lies
 * below it ("app.c", "src/app.c"), absolute for the rest.
 */
int symbolizer_stack(struct symbolizer *symbolizer, const struct process *process, struct stack *stack);

#endif

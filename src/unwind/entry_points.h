/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_UNWIND_ENTRY_POINTS_H
#define MEMTRACE_UNWIND_ENTRY_POINTS_H

#include "unwind/image.h"
#include "unwind/rule_set.h"
#include "unwind/steps.h"

/*
 * Code that is returned to and never called: glibc's __start_context, whose address makecontext(3)
 * puts on a new stack as if it had called the function there. It begins by taking its stack pointer
 * from rbx, so there is no caller; but its call frame information (up to glibc 2.37 at least) says
 * that there is, and the byte before it, where a return address is looked up, belongs to no function.
 * That byte becomes the end of the stack. To be done before gaps are closed. 0 or -errno.
 */
int entry_points_end(struct steps *steps, struct rule_set *rules, const struct unwind_image *image, uint64_t origin);

#endif

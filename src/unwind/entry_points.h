/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_UNWIND_ENTRY_POINTS_H
#define MEMTRACE_UNWIND_ENTRY_POINTS_H

#include "unwind/image.h"
#include "unwind/rule_set.h"
#include "unwind/steps.h"

/*
 * Code that nobody calls, and whose call frame information does not say so. To be done before gaps
 * are closed. 0 or -errno.
 *
 * glibc's __start_context is returned to: makecontext(3) puts its address on a new stack as if it had
 * called the function there. It begins by taking its stack pointer from rbx, so there is no caller;
 * but its information (up to glibc 2.37 at least) says that there is, and the byte before it, where a
 * return address is looked up, belongs to no function. That byte becomes the end of the stack.
 *
 * What a signal handler of Go's returns to (runtime.sigreturn) has the information of any function, and nothing
 * before it. That byte and the function become a signal frame.
 *
 * The entry point of glibc's dynamic loader has no information at all, and goes on to run the
 * libraries' constructors. From it to the next function is the end of the stack.
 */
int entry_points_end(struct steps *steps, struct rule_set *rules, const struct unwind_image *image, uint64_t origin);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the frames of the kernel's stacks. */
#ifndef MEMTRACE_SYMBOLIZE_KERNEL_FRAMES_H
#define MEMTRACE_SYMBOLIZE_KERNEL_FRAMES_H

#include "model/snapshot.h"

struct kernel_frames;

/* NULL when out of memory. */
struct kernel_frames *kernel_frames_new(void);
void kernel_frames_free(struct kernel_frames *frames);

/*
 * Before the stacks of a report: reads /proc/kallsyms anew where modules came or went. 0 or -errno: -EPERM when
 * addresses are hidden (kptr_restrict); then frames have no functions.
 */
int kernel_frames_refresh(struct kernel_frames *frames);

/*
 * Fills stack->frames from stack->addresses: function without the compiler's clone suffixes, offset, and as module
 * "kernel" or the module's name. Allocation functions on top are left out, unless nothing else is left. Strings belong
 * to `frames`. 0 or -ENOMEM, and then the stack is as it was.
 */
int kernel_frames_stack(struct kernel_frames *frames, struct stack *stack);

#endif

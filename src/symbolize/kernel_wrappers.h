/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the kernel that are no callers of its allocators but parts of them. */
#ifndef MEMTRACE_SYMBOLIZE_KERNEL_WRAPPERS_H
#define MEMTRACE_SYMBOLIZE_KERNEL_WRAPPERS_H

#include <stdbool.h>

/* NULL is none. */
bool kernel_wrapper(const char *function);

#endif

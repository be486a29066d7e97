/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_UNWIND_FDE_ORDER_H
#define MEMTRACE_UNWIND_FDE_ORDER_H

#include <stddef.h>

struct fde;

/*
 * Puts an allocated array of FDEs into ascending order of where they start, in linear time, and
 * keeps those of the same start as they were. *fdes may become another array. 0 or -ENOMEM.
 */
int fde_order(struct fde **fdes, size_t n);

#endif

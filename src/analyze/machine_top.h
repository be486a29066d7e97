/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slab caches by size, with their growth, and the processes with most memory. */
#ifndef MEMTRACE_ANALYZE_MACHINE_TOP_H
#define MEMTRACE_ANALYZE_MACHINE_TOP_H

#include "model/machine_report.h"

/* Fills slabs with all caches. 0 or -ENOMEM. */
int machine_top_slabs(struct machine_report *report);
/* Fills the three lists of processes, each with at most `top` (0: all). 0 or -ENOMEM. */
int machine_top_processes(struct machine_report *report, size_t top);

#endif

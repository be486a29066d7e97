/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Would a request for a block of pages fail, and if so, for fragmentation or for lack of memory? */
#ifndef MEMTRACE_ANALYZE_FRAGMENTATION_H
#define MEMTRACE_ANALYZE_FRAGMENTATION_H

#include "model/machine_report.h"

/*
 * The kernel's own index (mm/vmstat.c, __fragmentation_index(); /sys/kernel/debug/extfrag has it): in
 * thousandths from 0, lack of memory, to 1000, fragmentation; FRAGMENTATION_NONE where a block is free.
 */
int fragmentation_index(const struct zone *zone, unsigned int order);

#endif

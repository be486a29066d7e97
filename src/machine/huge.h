/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages: /sys/kernel/mm/hugepages and a node's, and what is counted of transparent ones. */
#ifndef MEMTRACE_MACHINE_HUGE_H
#define MEMTRACE_MACHINE_HUGE_H

#include "model/machine.h"

/* Adds the huge pages of each size: of all nodes (-1) or of one. 0 or -errno of the directory. */
int huge_read(int root_fd, int node, struct machine *machine);
/* Adds each size of transparent huge pages that has counters. 0 or -errno of the directory. */
int transparent_read(int root_fd, struct machine *machine);
/* "hugepages-2048kB"; 0: no such name */
uint64_t huge_size_bytes(const char *name);

#endif

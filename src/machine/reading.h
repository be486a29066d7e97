/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the whole of a machine's memory. What changes most is read first and in one go: meminfo, vmstat,
 * zones and nodes, then slab caches; what takes long, or does not change, comes behind it.
 */
#ifndef MEMTRACE_MACHINE_READING_H
#define MEMTRACE_MACHINE_READING_H

#include "model/machine.h"

/*
 * root_fd: of "/", or of a tree with proc/ and sys/. 0, or -errno where there is no /proc/meminfo;
 * whatever else is missing is left out, and told in the machine. Free with machine_free().
 */
int machine_read(int root_fd, struct machine **machine);

#endif

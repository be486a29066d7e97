/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/meminfo, and the same of a node. */
#ifndef MEMTRACE_MACHINE_MEMINFO_H
#define MEMTRACE_MACHINE_MEMINFO_H

#include "model/machine.h"

/* Each line "MemTotal: 12 kB", or "Node 0 MemTotal: 12 kB"; others are passed over. 0 or -ENOMEM. */
int meminfo_parse(const char *text, struct machine_memory *memory);
/* 0 or -errno. Free with machine_memory_clear(). */
int meminfo_read(int root_fd, struct machine_memory *memory);

#endif

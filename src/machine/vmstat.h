/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's counters of pages and of events: /proc/vmstat, and the same for a node. */
#ifndef MEMTRACE_MACHINE_VMSTAT_H
#define MEMTRACE_MACHINE_VMSTAT_H

#include "model/named_value.h"

/* Those of the whole machine. 0 or -errno. Free with named_values_clear(). */
int vmstat_read(int root_fd, struct named_values *values);
/* Lines of a name and a number; others are passed over. 0 or -ENOMEM. */
int vmstat_parse(const char *text, struct named_values *values);

#endif

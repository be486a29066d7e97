/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's settings on memory. They are read, and never written. */
#ifndef MEMTRACE_MACHINE_SETTINGS_H
#define MEMTRACE_MACHINE_SETTINGS_H

#include "model/machine.h"

/* Adds all of /proc/sys/vm, and those of a table. 0 or -errno of /proc/sys/vm. */
int settings_read(int root_fd, struct machine *machine);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes' memory: /proc/PID/status. */
#ifndef MEMTRACE_MACHINE_PROCESSES_H
#define MEMTRACE_MACHINE_PROCESSES_H

#include "model/machine.h"

/* Adds all processes that have memory of their own. 0 or -errno of /proc. */
int processes_read(int root_fd, struct machine *machine);
/* False for what has no memory of its own: kernel threads and zombies. The caller frees process->name. */
bool process_parse(const char *text, struct machine_process *process);

#endif

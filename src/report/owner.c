// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/owner.h"

#include <inttypes.h>

#include "util/escape.h"

void owner_name_add(struct buffer *buffer, const struct snapshot *snapshot, const struct process *process,
                    const char *also)
{
	if (process->cgroup_path) {
		escape_add(buffer, process->cgroup_path, also);
		return;
	}
	if (process->cgroup) {
		buffer_printf(buffer, "cgroup %" PRIu32, process->cgroup);
		return;
	}
	if (process->comm[0])
		escape_add(buffer, process->comm, also);
	else
		buffer_text(buffer, process->pid ? "process" : "kernel");
	/* Who is no process is what the kernel allocates in interrupts, or for all. */
	if (snapshot->n_processes > 1 && process->pid)
		buffer_printf(buffer, " (%d)", process->pid);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a stack is, in one name, for forms that join the stacks of all processes to one tree. */
#ifndef MEMTRACE_REPORT_OWNER_H
#define MEMTRACE_REPORT_OWNER_H

#include "model/snapshot.h"
#include "util/buffer.h"

/*
 * "app"; with several processes "app (1001)". Of kernel memory by cgroup its directory. Escaped, and the characters in
 * `also` too.
 */
void owner_name_add(struct buffer *buffer, const struct snapshot *snapshot, const struct process *process,
                    const char *also);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/smaps, mapping by mapping (proc_pid_smaps(5)). Names are the target's: hostile. */
#ifndef MEMTRACE_COLLECT_SMAPS_H
#define MEMTRACE_COLLECT_SMAPS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "collect/maps.h"

struct smaps_row {
	struct maps_row mapping; /* its name lives while the row is told */
	uint64_t rss_bytes;
	uint64_t anonymous_bytes; /* of rss_bytes: no page of a file, nor shared memory */
};

/* Calls `found` for each mapping, until it returns non-zero. 0, that value, or -errno. */
int smaps_read(pid_t pid, int (*found)(void *context, const struct smaps_row *row), void *context);
/* The same of a file that is open. */
int smaps_parse(FILE *file, int (*found)(void *context, const struct smaps_row *row), void *context);

#endif

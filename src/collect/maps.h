/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/maps, line by line (proc_pid_maps(5)). Names are the target's: hostile. */
#ifndef MEMTRACE_COLLECT_MAPS_H
#define MEMTRACE_COLLECT_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct maps_row {
	uint64_t start, end, offset;
	dev_t device;
	ino_t inode;
	bool readable, writable, executable, shared;
	const char *name; /* within the line that was parsed; "" for anonymous memory */
};

/* Parses one line; `line` is changed (the name is cut off). False: it is none. */
bool maps_parse(char *line, struct maps_row *row);

/* Calls `found` for each row of the process, until it returns non-zero. 0, that value, or -errno. */
int maps_read(pid_t pid, int (*found)(void *context, const struct maps_row *row), void *context);

#endif

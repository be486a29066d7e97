/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a process's memory for what leads to its live blocks, and what its blocks were at that moment. */
#ifndef MEMTRACE_COLLECT_SCAN_H
#define MEMTRACE_COLLECT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/scan.h"
#include "model/snapshot.h"

struct found_block;
struct mt_stack;
struct session;
struct target;

/* What a process had when its memory was read. */
struct scanned {
	struct scan *scan; /* a snapshot takes it */
	struct found_block *blocks;
	size_t n_blocks, blocks_room;
	struct mt_stack *rows;     /* sums by stack number; those of other processes are not looked at */
	struct usage *range_usage; /* likewise */
	uint32_t n_rows;
};

void scanned_free(struct scanned *scanned);

/*
 * Scans a process that runs: it stands still meanwhile, unless options say otherwise. The session is locked.
 * 0, or -errno with one line in `error`; -ETIME: it took longer than it may.
 */
int scan_running(struct session *session, struct target *target, char *error, size_t error_size);

/* … one of which all threads that are left are stopped by ptrace(2) already, and are these. */
int scan_stopped(struct session *session, struct target *target, const pid_t *threads, size_t n_threads, char *error,
                 size_t error_size);

#endif

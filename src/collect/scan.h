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

/* A scan under way. The session is locked in all that follows. */
struct scanning;

/*
 * Finds out which pages have blocks, while the process runs; it is asked for what it has by `reader`, one of its
 * threads (0: any that lives). What was found at an earlier scan goes. 0 or -errno.
 */
int scanning_new(struct session *session, struct target *target, pid_t reader, struct scanning **result);
/*
 * Looks at all that the process has. Its threads are these, all of them stopped by ptrace(2); none: nothing stands
 * still. 0, or -errno: -ETIME after the deadline (CLOCK_MONOTONIC; 0: none).
 */
int scanning_look(struct scanning *scanning, const pid_t *threads, size_t n_threads, uint64_t deadline_ns);
/* The process goes on already: hands what was found to the target. 0 or -errno. */
int scanning_settle(struct scanning *scanning, uint64_t pause_ns);
uint64_t scanning_read_bytes(const struct scanning *scanning);
/* NULL is allowed. */
void scanning_free(struct scanning *scanning);

/* Why a process could not be scanned: one line, unless there is one already. Returns `code`. */
int scan_say_why(pid_t pid, const struct scanning *scanning, int code, char *error, size_t error_size);

/*
 * Scans a process of which all threads that are left are stopped by ptrace(2) already, and are these. 0, or -errno with
 * one line in `error`.
 */
int scan_stopped(struct session *session, struct target *target, const pid_t *threads, size_t n_threads, char *error,
                 size_t error_size);

#endif

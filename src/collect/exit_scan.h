/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan of a command that ends: all its threads are held on their way out, while its memory is still there. */
#ifndef MEMTRACE_COLLECT_EXIT_SCAN_H
#define MEMTRACE_COLLECT_EXIT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct session;
struct target;

struct exit_scan {
	pid_t *threads; /* that are held */
	size_t n_threads;
	bool done;            /* the process is about to end, and was scanned */
	uint64_t deadline_ns; /* those that have not come by then are not waited for */
};

/* A thread of the process is in its PTRACE_EVENT_EXIT. True: it is held, and goes on with the scan. */
bool exit_scan_hold(struct session *session, struct target *target, pid_t thread);

/*
 * Scans processes of which no thread is left to be waited for, and lets them go. False: some are left, to be looked
 * at again soon. Without the session's lock; only by the tracer.
 */
bool exit_scan_step(struct session *session);

void exit_scan_clear(struct exit_scan *scan);

#endif

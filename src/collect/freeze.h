/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process whose threads all stand still, by ptrace(2), until it is let go. Should memtrace end meanwhile, the
 * kernel lets it go: nothing here asks for anything else (no PTRACE_O_EXITKILL).
 */
#ifndef MEMTRACE_COLLECT_FREEZE_H
#define MEMTRACE_COLLECT_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct frozen_thread {
	pid_t thread;
	int signal; /* that it was just being told of, and is to be told of when it goes on */
	bool stopped, ended;
};

struct freeze {
	pid_t pid;
	struct frozen_thread *threads;
	size_t n_threads;
};

/*
 * Stops every thread of a process that runs; those that come into being meanwhile, too. By the deadline
 * (CLOCK_MONOTONIC) all stand, or none does. 0, or -errno with one line in `error`: -ETIME after the deadline.
 * freeze_end() must follow in any case.
 */
int freeze_begin(struct freeze *freeze, pid_t pid, uint64_t deadline_ns, char *error, size_t error_size);

/* The process goes on as if nothing had been. */
void freeze_end(struct freeze *freeze);

#endif

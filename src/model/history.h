/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of things: what a recording's earlier moments had, beside the snapshot of one of them. */
#ifndef MEMTRACE_MODEL_HISTORY_H
#define MEMTRACE_MODEL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct moment {
	uint64_t time_unix_ns;
	uint64_t live_bytes, live_blocks;  /* of all stacks */
	uint64_t alloc_bytes, alloc_count; /* since attaching */
	uint64_t resident_bytes;           /* of the processes (RSS); 0: not known */
	bool complete;                     /* nothing was lost until then */
};

/* Of one stack at one moment. */
struct moment_usage {
	uint64_t live_bytes, live_blocks;
	uint64_t alloc_bytes, alloc_count; /* since attaching */
};

struct history {
	struct moment *moments; /* by time; owned */
	size_t n_moments;
	size_t n_recorded;           /* moments that the recording has, of which these are the ones chosen */
	size_t n_stacks;             /* the first so many of snapshot.stacks have a course */
	struct moment_usage *usages; /* of stack s at moment m: [s * n_moments + m]; owned */
	size_t shown;                /* the moment that the snapshot is of */
};

/* NULL is allowed. */
void history_free(struct history *history);

#endif

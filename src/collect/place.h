/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which NUMA nodes the blocks of a process lie at this moment, by the page. */
#ifndef MEMTRACE_COLLECT_PLACE_H
#define MEMTRACE_COLLECT_PLACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct extent {
	uint64_t start, end;
};

struct place_memo;

/* What is to be placed, and who wants to know. */
struct place_work {
	pid_t thread;            /* a live one of the process; 0: it is gone, and all that is known is the memo's */
	struct place_memo *memo; /* of a process that is there: is given all that is found; may be NULL then */
	const int *nodes;
	size_t n_nodes;
	size_t n_blocks; /* by start; they may overlap */
	struct extent (*extent)(const void *context, size_t block);
	/*
	 * Called once for each block. `bytes`: how much of it lies on each of `nodes`, and behind these
	 * how much on others; the rest is not resident. NULL: it cannot be told.
	 */
	void (*placed)(void *context, size_t block, const uint64_t *bytes);
	void *context;
};

/* 0 or -ENOMEM, and then some blocks were not told of. */
int place_blocks(const struct place_work *work);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the resident memory of a process is made of: reads /proc/PID. */
#ifndef MEMTRACE_COLLECT_MEMORY_H
#define MEMTRACE_COLLECT_MEMORY_H

#include <sys/types.h>

#include "collect/memory_parts.h"

/* What memtrace knows that is live in a process, at the moment of a report. All zeroes: nothing. */
struct memory_known {
	struct memory_piece *pieces;
	size_t n_pieces;
	uint64_t small_bytes; /* of blocks that are no pieces */
};

/* Takes up a live block, or mapping. 0 or -ENOMEM. */
int memory_known_add(struct memory_known *known, uint64_t start, uint64_t length, bool mapping);
void memory_known_free(struct memory_known *known);

/*
 * Of a process whose slack was before_bytes when memtrace came. The pieces get sorted. Where it cannot be told,
 * memory->known is false: the process has ended, or must not be read.
 */
void memory_read(pid_t pid, struct memory_known *known, uint64_t before_bytes, struct process_memory *memory);
/* What a process that memtrace comes to has as slack, when nothing in it is known to be live. */
uint64_t memory_before(pid_t pid);

#endif

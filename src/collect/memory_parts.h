/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a process's resident memory, from what the kernel says of its mappings and what memtrace knows of what
 * lies in them. Whatever it is told, the parts add up to the resident memory of the mappings.
 */
#ifndef MEMTRACE_COLLECT_MEMORY_PARTS_H
#define MEMTRACE_COLLECT_MEMORY_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "collect/smaps.h"
#include "model/memory.h"

/* A piece of memory whose part is known. */
struct memory_piece {
	uint64_t start, end;
	enum memory_part part;
};

struct memory_parts {
	/* Of the caller; in the order of their addresses. */
	const struct memory_piece *pieces;
	size_t n_pieces;
	const uint64_t *stack_pointers;
	size_t n_stack_pointers;
	uint64_t small_bytes;  /* of live blocks that are no pieces */
	uint64_t before_bytes; /* slack when memtrace came */
	/* How much of it is resident, where a piece is not a whole mapping. */
	uint64_t (*resident)(void *context, uint64_t start, uint64_t end);
	void *context;

	struct process_memory *memory; /* of which known and unseen_threads are the caller's */
	size_t next;                   /* piece that the next mapping may have a share in */
	uint64_t file_end;             /* of a mapping of a file, if that was the last one */
};

/* Mappings must come in the order of their addresses. */
void memory_parts_add(struct memory_parts *parts, const struct smaps_row *row);
/* Once all were added. */
void memory_parts_finish(struct memory_parts *parts);

#endif

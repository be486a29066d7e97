// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/procfs.h"
#include "collect/resident.h"
#include "collect/thread_stacks.h"
#include "util/grow.h"

#define PIECES 256

int memory_known_add(struct memory_known *known, uint64_t start, uint64_t length, bool mapping)
{
	int error;

	if (!mapping && length < MEMORY_LARGE_BYTES) {
		known->small_bytes += length;
		return 0;
	}
	error = grow_list((void **)&known->pieces, known->n_pieces, sizeof(*known->pieces));
	if (error)
		return error;
	known->pieces[known->n_pieces++] = (struct memory_piece){
	    .start = start,
	    .end = length < UINT64_MAX - start ? start + length : UINT64_MAX,
	    .part = mapping ? MEMORY_MAPPINGS : MEMORY_LIVE,
	};
	return 0;
}

void memory_known_free(struct memory_known *known)
{
	free(known->pieces);
	*known = (struct memory_known){.pieces = NULL};
}

static int compare_pieces(const void *left, const void *right)
{
	const struct memory_piece *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Bytes of resident pages; what cannot be told is not. */
static uint64_t resident_bytes(void *context, uint64_t start, uint64_t end)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = start - start % page, bytes = 0;
	uint64_t until = end > UINT64_MAX - page ? end - end % page : (end + page - 1) / page * page;
	struct resident_piece pieces[PIECES];

	while (context && from < until) {
		ssize_t n = resident_next(context, &from, until, pieces, PIECES);

		if (n < 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			uint64_t first = pieces[i].start > start ? pieces[i].start : start;
			uint64_t last = pieces[i].end < end ? pieces[i].end : end;

			bytes += last > first ? last - first : 0;
		}
	}
	return bytes;
}

static int add_row(void *context, const struct smaps_row *row)
{
	memory_parts_add(context, row);
	return 0;
}

void memory_read(pid_t pid, struct memory_known *known, uint64_t before_bytes, struct process_memory *memory)
{
	pid_t thread = procfs_live_thread(pid);
	uint64_t *stack_pointers = NULL;
	struct resident *resident = NULL;
	struct memory_parts parts = {
	    .small_bytes = known->small_bytes,
	    .before_bytes = before_bytes,
	    .resident = resident_bytes,
	    .memory = memory,
	};

	*memory = (struct process_memory){.known = false};
	if (!thread || thread_stacks_read(pid, &stack_pointers, &parts.n_stack_pointers, &memory->unseen_threads))
		return;
	if (known->n_pieces) {
		qsort(known->pieces, known->n_pieces, sizeof(*known->pieces), compare_pieces);
		if (!resident_open(thread, &resident))
			parts.context = resident;
	}
	parts.pieces = known->pieces;
	parts.n_pieces = known->n_pieces;
	parts.stack_pointers = stack_pointers;
	memory->known = !smaps_read(thread, add_row, &parts) && memory->rss_bytes;
	memory_parts_finish(&parts);
	resident_close(resident);
	free(stack_pointers);
}

uint64_t memory_before(pid_t pid)
{
	struct memory_known nothing = {.pieces = NULL};
	struct process_memory memory;

	memory_read(pid, &nothing, 0, &memory);
	return memory.parts[MEMORY_SLACK];
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the blocks of a snapshot lie, process by process. */
#include <errno.h>
#include <stdlib.h>

#include "collect/drain.h"
#include "collect/internal.h"
#include "collect/place.h"
#include "collect/place_memo.h"
#include "collect/procfs.h"

/* The blocks of one process. */
struct process_blocks {
	struct drain *drain;
	struct found_block *blocks;
	bool untold; /* of some it could not be told */
};

static int by_address(const void *left, const void *right)
{
	const struct found_block *a = left, *b = right;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

static struct extent extent_of(const void *context, size_t i)
{
	const struct process_blocks *process = context;
	const struct found_block *block = &process->blocks[i];
	uint64_t end;

	if (__builtin_add_overflow(block->address, block->size_bytes, &end))
		end = UINT64_MAX;
	return (struct extent){block->address, end};
}

static void add_node(const struct drain *drain, struct tally *tally, struct found_block *block, size_t i,
                     uint64_t bytes, uint64_t *most)
{
	struct node_usage *node = &tally->placement.nodes[i];

	if (!bytes)
		return;
	node->live_bytes += bytes;
	node->live_blocks++;
	if (drain->nodes[i] != block->cpu_node)
		tally->placement.remote_bytes += bytes;
	if (bytes > *most) {
		*most = bytes;
		block->node = drain->nodes[i];
	}
}

/* `bytes`: as place_blocks() tells them. Returns how many are of interest. */
static uint64_t add_block(const struct drain *drain, struct tally *tally, struct found_block *block,
                          const uint64_t *bytes)
{
	struct placement *placement = &tally->placement;
	uint64_t most = 0, resident = 0;

	block->node = -1;
	block->placed = bytes;
	if (!bytes) {
		placement->unplaced_bytes += block->size_bytes;
		return block->size_bytes;
	}
	for (size_t i = 0; i <= drain->n_nodes; i++)
		resident += bytes[i];
	block->not_resident_bytes = block->size_bytes - resident;
	if (drain->only >= 0) {
		add_node(drain, tally, block, (size_t)drain->only, bytes[drain->only], &most);
		return bytes[drain->only];
	}
	for (size_t i = 0; i < drain->n_nodes; i++)
		add_node(drain, tally, block, i, bytes[i], &most);
	placement->unplaced_bytes += bytes[drain->n_nodes];
	placement->not_resident_bytes += block->not_resident_bytes;
	return block->size_bytes;
}

static void on_placed(void *context, size_t i, const uint64_t *bytes)
{
	const struct process_blocks *process = context;
	struct drain *drain = process->drain;
	struct found_block *block = &process->blocks[i];
	struct tally *tally = &drain->tallies[block->stack];
	uint64_t counted;

	if (drain->only >= 0 && (!bytes || !bytes[drain->only])) {
		block->left_out = true;
		return;
	}
	if (!tally->placement.nodes &&
	    placement_init(&tally->placement, drain->snapshot->placement.nodes, drain->n_nodes)) {
		drain->error = -ENOMEM;
		return;
	}
	counted = add_block(drain, tally, block, bytes);
	for (size_t node = 0; node < drain->n_nodes; node++) {
		if (drain->nodes[node] == block->cpu_node)
			tally->placement.nodes[node].cpu_live_bytes += counted;
	}
	drain_tally(drain, block, counted);
}

/* What is to be placed of blocks of one process. */
static struct place_work work_of(struct process_blocks *process, size_t n)
{
	return (struct place_work){
	    .nodes = process->drain->nodes,
	    .n_nodes = process->drain->n_nodes,
	    .n_blocks = n,
	    .extent = extent_of,
	    .placed = on_placed,
	    .context = process,
	};
}

static int place_process(struct process_blocks *process, size_t n)
{
	const struct target *target = process->drain->session->targets[process->blocks[0].slot];
	struct place_work work = work_of(process, n);

	work.thread = target->ended ? 0 : procfs_live_thread(target->pid);
	work.memo = work.thread ? NULL : target->places;
	if (work.thread || work.memo)
		return place_blocks(&work);
	for (size_t i = 0; i < n; i++)
		on_placed(process, i, NULL);
	return 0;
}

/* Where the blocks of the process end that the first of these is of. */
static size_t end_of_process(const struct drain *drain, size_t first)
{
	size_t end = first;

	while (end < drain->n_blocks && drain->blocks[end].slot == drain->blocks[first].slot)
		end++;
	return end;
}

static void on_remembered(void *context, size_t i, const uint64_t *bytes)
{
	struct process_blocks *process = context;

	(void)i;
	process->untold |= !bytes;
}

int drain_remember(struct drain *drain, struct target *target)
{
	struct process_blocks process = {.drain = drain};
	struct place_work work;
	size_t first = 0;
	int error;

	place_memo_free(target->places);
	target->places = place_memo_new();
	if (!target->places)
		return -ENOMEM;
	qsort(drain->blocks, drain->n_blocks, sizeof(*drain->blocks), by_address);
	while (first < drain->n_blocks && drain->blocks[first].slot != target->slot)
		first = end_of_process(drain, first);
	process.blocks = drain->blocks + first;
	work = work_of(&process, first < drain->n_blocks ? end_of_process(drain, first) - first : 0);
	work.thread = procfs_live_thread(target->pid);
	work.memo = target->places;
	work.placed = on_remembered;
	error = work.thread ? place_blocks(&work) : -ESRCH;
	if (!error && !process.untold && place_memo_whole(target->places))
		return 0;
	place_memo_free(target->places);
	target->places = NULL;
	return error == -ENOMEM ? error : 0;
}

int drain_place(struct drain *drain)
{
	int error = 0;

	qsort(drain->blocks, drain->n_blocks, sizeof(*drain->blocks), by_address);
	for (size_t first = 0, end; first < drain->n_blocks && !error; first = end) {
		struct process_blocks process = {.drain = drain, .blocks = drain->blocks + first};

		end = end_of_process(drain, first);
		error = place_process(&process, end - first);
	}
	return error ? error : drain->error;
}

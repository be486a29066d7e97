// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the blocks of a snapshot lie, process by process. */
#include <errno.h>
#include <stdlib.h>

#include "collect/drain.h"
#include "collect/internal.h"
#include "collect/place.h"
#include "collect/place_memo.h"
#include "collect/procfs.h"
#include "util/radix.h"

/* The blocks of one process. */
struct process_blocks {
	struct drain *drain;
	const struct radix_key *order; /* of the blocks, by address */
	bool untold;                   /* of some it could not be told */
};

static struct extent extent_of(const void *context, size_t i)
{
	const struct process_blocks *process = context;
	const struct found_block *block = &process->drain->blocks[process->order[i].index];
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
	struct found_block *block = &drain->blocks[process->order[i].index];
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
	const struct target *target = process->drain->session->targets[process->order[0].group];
	struct place_work work = work_of(process, n);

	work.thread = target->ended ? 0 : procfs_live_thread(target->pid);
	work.memo = work.thread ? NULL : target->places;
	if (work.thread || work.memo)
		return place_blocks(&work);
	for (size_t i = 0; i < n; i++)
		on_placed(process, i, NULL);
	return 0;
}

/* The blocks by process and address; NULL when out of memory. The caller frees. */
static struct radix_key *order_blocks(const struct drain *drain)
{
	struct radix_key *order = reallocarray(NULL, drain->n_blocks + 1, sizeof(*order));

	if (!order || drain->n_blocks > UINT32_MAX) {
		free(order);
		return NULL;
	}
	for (size_t i = 0; i < drain->n_blocks; i++)
		order[i] = (struct radix_key){drain->blocks[i].address, drain->blocks[i].slot, (uint32_t)i};
	if (!radix_sort(order, drain->n_blocks))
		return order;
	free(order);
	return NULL;
}

/* Where the blocks of the process end that the first of these is of. */
static size_t end_of_process(const struct radix_key *order, size_t n, size_t first)
{
	size_t end = first;

	while (end < n && order[end].group == order[first].group)
		end++;
	return end;
}

static void on_remembered(void *context, size_t i, const uint64_t *bytes)
{
	struct process_blocks *process = context;

	(void)i;
	process->untold |= !bytes;
}

/* Asks for the blocks of the target alone. 0 or -errno; -ENODATA when it could not be told of all. */
static int remember(struct drain *drain, struct target *target, const struct radix_key *order)
{
	struct process_blocks process = {.drain = drain};
	struct place_work work;
	size_t first = 0;
	int error;

	while (first < drain->n_blocks && order[first].group != target->slot)
		first = end_of_process(order, drain->n_blocks, first);
	process.order = order + first;
	work = work_of(&process, end_of_process(order, drain->n_blocks, first) - first);
	work.thread = procfs_live_thread(target->pid);
	work.memo = target->places;
	work.placed = on_remembered;
	error = work.thread ? place_blocks(&work) : -ESRCH;
	return error || (!process.untold && place_memo_whole(target->places)) ? error : -ENODATA;
}

int drain_remember(struct drain *drain, struct target *target)
{
	struct radix_key *order = order_blocks(drain);
	int error;

	place_memo_free(target->places);
	target->places = place_memo_new();
	error = order && target->places ? remember(drain, target, order) : -ENOMEM;
	free(order);
	if (error) {
		place_memo_free(target->places);
		target->places = NULL;
	}
	return error;
}

int drain_place(struct drain *drain)
{
	struct radix_key *order = order_blocks(drain);
	int error = order ? 0 : -ENOMEM;

	for (size_t first = 0, end; first < drain->n_blocks && !error; first = end) {
		struct process_blocks process = {.drain = drain, .order = order + first};

		end = end_of_process(order, drain->n_blocks, first);
		error = place_process(&process, end - first);
	}
	free(order);
	return error ? error : drain->error;
}

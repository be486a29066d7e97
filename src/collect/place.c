// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages are gone through by address, in batches, each of them asked for once however many blocks share
 * it; blocks follow, and those that reach beyond a batch are carried on to the next.
 *
 * A page costs about 50 ns to ask for. Of what is larger than a few pages only resident ones are asked
 * for, and of a huge page a few parts; beyond a bound it is said that it cannot be told.
 */
#include "collect/place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/frames.h"
#include "collect/nodes.h"
#include "collect/place_memo.h"
#include "collect/resident.h"

#define BATCH 4096
/* Fewer pages than that are asked for whether they are resident or not: one system call less. */
#define FEW_PAGES 32
/* 256 GiB of 4 KiB pages; a few seconds */
#define MAX_PAGES_ASKED (1ULL << 26)

struct placing {
	const struct place_work *work;
	struct resident *resident; /* NULL: by the memo */
	struct frames *frames;     /* NULL: move_pages(2) tells all */
	uint64_t page_size;
	int16_t *index_of; /* of a node's number in work->nodes */
	/* Pages to come: blocks before `next_listed` are listed, and of the one before it all below `listed`. */
	size_t next_listed;
	uint64_t listed, listed_end;
	uint64_t asked;
	/* A batch: all that is resident below `end`, above the batch before. */
	struct resident_piece pieces[BATCH];
	uint64_t addresses[BATCH];
	int nodes[BATCH];
	size_t n;
	uint64_t end;
	/* Blocks: those before `next` have been told of, but for those carried. */
	size_t next;
	uint64_t *bytes; /* of one block */
	size_t n_carried, carried_size;
	size_t *carried;
	uint64_t *carried_bytes; /* n_nodes + 1 for each */
};

/* The next pages of which something is to be known; false when there are none. */
static bool next_span(struct placing *placing)
{
	const struct place_work *work = placing->work;
	uint64_t page = placing->page_size;

	while (placing->listed >= placing->listed_end && placing->next_listed < work->n_blocks) {
		struct extent extent = work->extent(work->context, placing->next_listed++);
		uint64_t start = extent.start - extent.start % page;

		if (extent.end <= extent.start || extent.end > UINT64_MAX - page)
			continue;
		if (start > placing->listed)
			placing->listed = start;
		placing->listed_end = extent.end + (page - extent.end % page) % page;
	}
	return placing->listed < placing->listed_end;
}

static void list_all(struct placing *placing)
{
	uint64_t page = placing->page_size;

	for (; placing->listed < placing->listed_end && placing->n < BATCH; placing->listed += page)
		placing->pieces[placing->n++] = (struct resident_piece){placing->listed, placing->listed + page};
}

static int list_resident(struct placing *placing)
{
	ssize_t n = resident_next(placing->resident, &placing->listed, placing->listed_end,
	                          placing->pieces + placing->n, BATCH - placing->n);

	if (n > 0)
		placing->n += (size_t)n;
	return n < 0 ? (int)n : 0;
}

static void list_remembered(struct placing *placing)
{
	placing->n += place_memo_next(placing->work->memo, &placing->listed, placing->listed_end,
	                              placing->pieces + placing->n, placing->nodes + placing->n, BATCH - placing->n);
}

/* Asks where the batch's pages lie. 0 or -errno. */
static int ask(struct placing *placing)
{
	int error;

	placing->asked += placing->n;
	if (placing->asked > MAX_PAGES_ASKED)
		return -E2BIG;
	for (size_t i = 0; i < placing->n; i++)
		placing->addresses[i] = placing->pieces[i].start;
	error = nodes_of_pages(placing->work->thread, placing->addresses, placing->n, placing->nodes);
	if (!error && placing->frames)
		error = frames_find(placing->frames, placing->pieces, placing->nodes, placing->n);
	if (!error && placing->work->memo)
		place_memo_add(placing->work->memo, placing->pieces, placing->nodes, placing->n);
	return error;
}

/* Fills the batch. 0 or -errno. */
static int next_batch(struct placing *placing)
{
	uint64_t few = FEW_PAGES * placing->page_size;
	bool more = true;

	placing->n = 0;
	while (placing->n < BATCH && (more = next_span(placing))) {
		int error = 0;

		if (!placing->resident)
			list_remembered(placing);
		else if (placing->listed_end - placing->listed <= few)
			list_all(placing);
		else
			error = list_resident(placing);
		if (error)
			return error;
	}
	placing->end = more ? placing->listed : UINT64_MAX;
	return placing->resident ? ask(placing) : 0;
}

/* Adds what of the block lies on the batch's pages, from the given one on. */
static void count_bytes(const struct placing *placing, struct extent extent, size_t first, uint64_t *bytes)
{
	for (size_t i = first; i < placing->n && placing->pieces[i].start < extent.end; i++) {
		uint64_t start = placing->pieces[i].start, end = placing->pieces[i].end;
		int index;

		if (placing->nodes[i] < 0 || end <= extent.start)
			continue;
		index = placing->nodes[i] < NODES_MAX ? placing->index_of[placing->nodes[i]] : -1;
		bytes[index < 0 ? placing->work->n_nodes : (size_t)index] +=
		    (end < extent.end ? end : extent.end) - (start > extent.start ? start : extent.start);
	}
}

static int carry(struct placing *placing, size_t block)
{
	size_t n_bytes = placing->work->n_nodes + 1;

	if (placing->n_carried == placing->carried_size) {
		size_t size = placing->carried_size ? 2 * placing->carried_size : 16;
		size_t *carried = reallocarray(placing->carried, size, sizeof(*carried));
		uint64_t *bytes;

		if (!carried)
			return -ENOMEM;
		placing->carried = carried;
		bytes = reallocarray(placing->carried_bytes, size, n_bytes * sizeof(*bytes));
		if (!bytes)
			return -ENOMEM;
		placing->carried_bytes = bytes;
		placing->carried_size = size;
	}
	memcpy(placing->carried_bytes + placing->n_carried * n_bytes, placing->bytes, n_bytes * sizeof(uint64_t));
	placing->carried[placing->n_carried++] = block;
	return 0;
}

static void go_on_with_carried(struct placing *placing)
{
	const struct place_work *work = placing->work;
	size_t n_bytes = work->n_nodes + 1, kept = 0;

	for (size_t i = 0; i < placing->n_carried; i++) {
		uint64_t *bytes = placing->carried_bytes + i * n_bytes;
		struct extent extent = work->extent(work->context, placing->carried[i]);

		count_bytes(placing, extent, 0, bytes);
		if (extent.end <= placing->end) {
			work->placed(work->context, placing->carried[i], bytes);
			continue;
		}
		memmove(placing->carried_bytes + kept * n_bytes, bytes, n_bytes * sizeof(*bytes));
		placing->carried[kept++] = placing->carried[i];
	}
	placing->n_carried = kept;
}

/* Of all blocks that begin in the batch. 0 or -ENOMEM. */
static int place_batch(struct placing *placing)
{
	const struct place_work *work = placing->work;
	size_t first = 0;

	go_on_with_carried(placing);
	for (; placing->next < work->n_blocks; placing->next++) {
		struct extent extent = work->extent(work->context, placing->next);

		if (extent.start >= placing->end)
			break;
		while (first < placing->n && placing->pieces[first].end <= extent.start)
			first++;
		memset(placing->bytes, 0, (work->n_nodes + 1) * sizeof(*placing->bytes));
		count_bytes(placing, extent, first, placing->bytes);
		if (extent.end <= placing->end)
			work->placed(work->context, placing->next, placing->bytes);
		else if (carry(placing, placing->next))
			return -ENOMEM;
	}
	return 0;
}

/* Those of which not all was seen. */
static void give_up(struct placing *placing)
{
	const struct place_work *work = placing->work;

	for (size_t i = 0; i < placing->n_carried; i++)
		work->placed(work->context, placing->carried[i], NULL);
	for (; placing->next < work->n_blocks; placing->next++)
		work->placed(work->context, placing->next, NULL);
}

static void placing_free(struct placing *placing)
{
	if (!placing)
		return;
	resident_close(placing->resident);
	frames_close(placing->frames);
	free(placing->bytes);
	free(placing->index_of);
	free(placing->carried);
	free(placing->carried_bytes);
	free(placing);
}

static struct placing *placing_new(const struct place_work *work)
{
	struct placing *placing = calloc(1, sizeof(*placing));

	if (!placing)
		return NULL;
	placing->work = work;
	placing->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	placing->bytes = calloc(work->n_nodes + 1, sizeof(*placing->bytes));
	placing->index_of = malloc(NODES_MAX * sizeof(*placing->index_of));
	if (!placing->bytes || !placing->index_of) {
		placing_free(placing);
		return NULL;
	}
	memset(placing->index_of, -1, NODES_MAX * sizeof(*placing->index_of));
	for (size_t i = 0; i < work->n_nodes; i++)
		placing->index_of[work->nodes[i]] = (int16_t)i;
	return placing;
}

static int open_process(struct placing *placing)
{
	int error = resident_open(placing->work->thread, &placing->resident);

	if (!error && frames_hidden())
		error = frames_open(placing->work->thread, &placing->frames);
	return error;
}

int place_blocks(const struct place_work *work)
{
	struct placing *placing = placing_new(work);
	int error = placing ? 0 : -ENOMEM;

	if (!error && work->thread)
		error = open_process(placing);
	while (!error && placing->end != UINT64_MAX) {
		error = next_batch(placing);
		if (!error)
			error = place_batch(placing);
	}
	if (error && error != -ENOMEM) {
		give_up(placing);
		error = 0;
	}
	placing_free(placing);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/stack_table.h"

#include <errno.h>
#include <string.h>

#include "collect/array_map.h"
#include "model/snapshot.h"
#include "probe/bpf.h"

#define PIECES_PER_ROW 2 /* 30 frames; most stacks need less */

static uint64_t power_of_two_from(uint64_t n)
{
	return n < 2 ? 1 : 1ULL << (64 - __builtin_clzll(n - 1));
}

/* At half load or less. */
static uint64_t buckets_for(uint64_t rows)
{
	return power_of_two_from((2 * rows + MT_INDEX_SLOTS - 1) / MT_INDEX_SLOTS);
}

uint64_t stack_table_bytes(uint64_t rows)
{
	uint64_t pieces = PIECES_PER_ROW * rows;

	return (rows + MT_NO_STACKS) * (sizeof(struct mt_stack) + sizeof(struct usage) + sizeof(uint32_t)) +
	       pieces * sizeof(struct mt_piece) + buckets_for(rows) * sizeof(struct mt_index_bucket) +
	       (power_of_two_from(rows) + power_of_two_from(pieces)) * sizeof(uint64_t);
}

int stack_table_size(struct memtrace_bpf *bpf, uint64_t rows)
{
	const struct {
		struct bpf_map *map;
		uint64_t entries;
	} sizes[] = {
	    {bpf->maps.stacks, rows + MT_NO_STACKS},
	    {bpf->maps.pieces, PIECES_PER_ROW * rows},
	    {bpf->maps.stack_index, buckets_for(rows)},
	    {bpf->maps.free_rows, power_of_two_from(rows)},
	    {bpf->maps.free_pieces, power_of_two_from(PIECES_PER_ROW * rows)},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && !error; i++)
		error =
		    sizes[i].entries > UINT32_MAX ? -E2BIG : bpf_map__set_max_entries(sizes[i].map, sizes[i].entries);
	bpf->rodata->index_mask = buckets_for(rows) - 1;
	bpf->rodata->free_rows_mask = power_of_two_from(rows) - 1;
	bpf->rodata->free_pieces_mask = power_of_two_from(PIECES_PER_ROW * rows) - 1;
	return error;
}

/* Makes `n` numbers from `first` on free, in their order. */
static void free_list_fill(struct free_list *free, uint32_t first, uint32_t n)
{
	free->n = n;
	for (uint32_t i = 0; i < n; i++)
		free->ring[i] = first + i;
	__atomic_store_n(&free->list->given, n, __ATOMIC_RELEASE);
}

int stack_table_map(struct stack_table *table, struct memtrace_bpf *bpf)
{
	table->bpf = bpf;
	table->n_rows = bpf_map__max_entries(bpf->maps.stacks);
	table->n_buckets = bpf_map__max_entries(bpf->maps.stack_index);
	table->rows = array_map(bpf->maps.stacks);
	table->pieces = array_map(bpf->maps.pieces);
	table->index = array_map(bpf->maps.stack_index);
	table->free_rows = (struct free_list){
	    .list = &bpf->bss->row_list, .ring = array_map(bpf->maps.free_rows), .mask = bpf->rodata->free_rows_mask};
	table->free_pieces = (struct free_list){.list = &bpf->bss->piece_list,
	                                        .ring = array_map(bpf->maps.free_pieces),
	                                        .mask = bpf->rodata->free_pieces_mask};
	if (!table->rows || !table->pieces || !table->index || !table->free_rows.ring || !table->free_pieces.ring)
		return -ENOMEM;
	free_list_fill(&table->free_rows, MT_NO_STACKS, table->n_rows - MT_NO_STACKS);
	free_list_fill(&table->free_pieces, 0, bpf_map__max_entries(bpf->maps.pieces));
	return 0;
}

void stack_table_unmap(struct stack_table *table)
{
	struct memtrace_bpf *bpf = table->bpf;

	if (!bpf)
		return;
	array_unmap(table->rows, bpf->maps.stacks);
	array_unmap(table->pieces, bpf->maps.pieces);
	array_unmap(table->index, bpf->maps.stack_index);
	array_unmap(table->free_rows.ring, bpf->maps.free_rows);
	array_unmap(table->free_pieces.ring, bpf->maps.free_pieces);
}

uint32_t stack_table_end(const struct stack_table *table)
{
	uint64_t taken = __atomic_load_n(&table->free_rows.list->taken, __ATOMIC_ACQUIRE);

	return MT_NO_STACKS + (taken < table->free_rows.n ? taken : table->free_rows.n);
}

void stack_table_frames(const struct stack_table *table, const struct mt_stack *row, uint64_t *frames)
{
	uint32_t piece = row->first_piece, left = row->n_frames;

	while (left && piece < table->free_pieces.n) {
		uint32_t n = left < MT_PIECE_FRAMES ? left : MT_PIECE_FRAMES;

		memcpy(frames, table->pieces[piece].frame, n * sizeof(*frames));
		frames += n;
		left -= n;
		piece = table->pieces[piece].next;
	}
	memset(frames, 0, left * sizeof(*frames));
}

uint64_t free_list_left(const struct free_list *free)
{
	return free->list->given - __atomic_load_n(&free->list->taken, __ATOMIC_ACQUIRE);
}

static void give(struct free_list *free, uint32_t number)
{
	uint64_t given = free->list->given;

	free->ring[given & free->mask] = number;
	__atomic_store_n(&free->list->given, given + 1, __ATOMIC_RELEASE);
}

void stack_table_add_sums(struct stack_table *table, uint32_t to, uint32_t from)
{
	const struct mt_stack *row = &table->rows[from];
	struct mt_stack *sums = &table->rows[to];

	__atomic_fetch_add(&sums->alloc_bytes, row->alloc_bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->alloc_count, row->alloc_count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->free_bytes, row->free_bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sums->free_count, row->free_count, __ATOMIC_RELAXED);
}

void stack_table_give_back(struct stack_table *table, uint32_t number)
{
	struct mt_stack *row = &table->rows[number];
	uint32_t piece = row->first_piece;

	for (uint32_t left = row->n_frames; left && piece < table->free_pieces.n;) {
		uint32_t next = table->pieces[piece].next;

		give(&table->free_pieces, piece);
		piece = next;
		left -= left < MT_PIECE_FRAMES ? left : MT_PIECE_FRAMES;
	}
	memset(row, 0, sizeof(*row));
	give(&table->free_rows, number);
}

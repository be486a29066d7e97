/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack table's side in user space: it is all mapped. Programs find and add stacks
 * (bpf/stacks.bpf.c); only user space gives rows back, once nothing refers to them (reclaim.c).
 */
#ifndef MEMTRACE_COLLECT_STACK_TABLE_H
#define MEMTRACE_COLLECT_STACK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "memtrace.h"

struct memtrace_bpf;

/* A list of free numbers: its ring, and the state that it shares with the programs. */
struct free_list {
	struct mt_free_list *list;
	uint64_t *ring;
	uint64_t mask;
	uint32_t n; /* numbers that there are */
};

struct stack_table {
	struct memtrace_bpf *bpf;
	uint32_t n_rows; /* the MT_NO_STACKS included */
	uint32_t n_buckets;
	struct mt_stack *rows;
	struct mt_piece *pieces;
	struct mt_index_bucket *index;
	struct free_list free_rows, free_pieces;
};

/* Of the kernel's memory and memtrace's own, that a table with so many rows takes. */
uint64_t stack_table_bytes(uint64_t rows);

/* Before the programs are loaded. 0 or -errno. */
int stack_table_size(struct memtrace_bpf *bpf, uint64_t rows);
/* After that; the caller frees what there is after a failure, too. 0 or -errno. */
int stack_table_map(struct stack_table *table, struct memtrace_bpf *bpf);
void stack_table_unmap(struct stack_table *table);

/* All rows that were ever used have lower numbers. */
uint32_t stack_table_end(const struct stack_table *table);

/* Copies a row's frames; `frames` has room for row->n_frames. */
void stack_table_frames(const struct stack_table *table, const struct mt_stack *row, uint64_t *frames);

/* Adds a row's sums to those of another, which programs may add to meanwhile. */
void stack_table_add_sums(struct stack_table *table, uint32_t to, uint32_t from);

/* How many numbers are free. */
uint64_t free_list_left(const struct free_list *free);

/* Empties a row that no program can reach, and gives it and the pieces of its frames back. */
void stack_table_give_back(struct stack_table *table, uint32_t number);

#endif

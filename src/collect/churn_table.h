/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side in user space of what bpf/churn.bpf.c counts: by stack, and by process and node. */
#ifndef MEMTRACE_COLLECT_CHURN_TABLE_H
#define MEMTRACE_COLLECT_CHURN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memtrace.h"
#include "model/churn.h"

struct memtrace_bpf;

/* All zeroes is the table of a session that does not count it: what follows does nothing then. */
struct churn_table {
	struct memtrace_bpf *bpf;
	struct mt_churn *rows; /* by stack number */
	struct mt_churn_total *totals;
	uint32_t n_nodes; /* numbers of nodes are below */
};

/* Of the kernel's memory, that a table for so many rows of stacks takes. */
uint64_t churn_table_bytes(uint64_t rows);

/* Before the programs are loaded. 0 or -errno. */
int churn_table_size(struct memtrace_bpf *bpf, uint64_t rows, uint32_t n_nodes);
/* After that. 0 or -errno. */
int churn_table_map(struct churn_table *table, struct memtrace_bpf *bpf);
void churn_table_unmap(struct churn_table *table);

/* The process in the slot begins to be traced. */
void churn_table_start(struct churn_table *table, uint32_t slot);

/* Adds a row that no program writes to any more to another, which they may add to meanwhile. */
void churn_table_add(struct churn_table *table, uint32_t to, uint32_t from);
/* Empties such a row. */
void churn_table_empty(struct churn_table *table, uint32_t number);

/* A stack's, owned by the caller. NULL when out of memory. */
struct churn *churn_table_stack(const struct churn_table *table, uint32_t number);
/* A process's peak and nodes: those online, whose numbers are given, and those that have counts. NULL when out of
 * memory. */
struct churn_totals *churn_table_process(const struct churn_table *table, uint32_t slot, const int *nodes,
                                         size_t n_nodes);

#endif

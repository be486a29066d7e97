/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones of a machine's memory at one moment, as plain data. Counts are of pages. */
#ifndef MEMTRACE_MODEL_ZONE_H
#define MEMTRACE_MODEL_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "model/named_value.h"

/* Larger orders than any kernel has lists for. */
#define ZONE_ORDERS_MAX 32

struct zone {
	int node;
	char *name;
	/* Watermarks: below low kswapd begins, up to high; below min allocations reclaim by themselves. */
	uint64_t free_pages, min_pages, low_pages, high_pages;
	uint64_t spanned_pages, present_pages, managed_pages;
	/* Pages kept free of requests that could lie in a higher zone, by that zone's place in the node. */
	uint64_t *protection_pages;
	size_t n_protection;
	uint64_t cpu_pages;         /* that CPUs keep back, free; not in free_pages */
	struct named_values values; /* all other fields */
	/* Free blocks of the buddy system by order, of 2^order pages each. */
	uint64_t free_blocks[ZONE_ORDERS_MAX];
	size_t n_orders; /* 0: not known */
};

/* A node's counters, of pages and of events. */
struct zone_node {
	int node;
	struct named_values values;
};

struct zones {
	struct zone *list; /* in the kernel's order: by node, lowest zone first */
	size_t n;
	struct zone_node *nodes; /* of those with memory */
	size_t n_nodes;
};

/* NULL: none. */
struct zone *zones_find(const struct zones *zones, int node, const char *name);
const struct zone_node *zones_node(const struct zones *zones, int node);
/* Frees all that it has, and leaves none. */
void zones_free(struct zones *zones);

#endif

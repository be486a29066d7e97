/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said of a machine's memory: one reading, what it comes to, and how it differs from the
 * reading before. Plain data; whoever makes it owns the two readings, which outlive it.
 */
#ifndef MEMTRACE_MODEL_MACHINE_REPORT_H
#define MEMTRACE_MODEL_MACHINE_REPORT_H

#include "model/machine.h"

/* A kind of use that the kernel counts. The kinds do not overlap. */
struct machine_use {
	const char *key, *label; /* static: for programs, for people */
	uint64_t bytes;
};

/* Why a request for a block would fail: lack of memory is 0, fragmentation 1000. */
#define FRAGMENTATION_NONE (-1000) /* it would not fail */

/* The zone of the same index in machine.zones. */
struct machine_zone_state {
	/* For each order the kernel's fragmentation index in thousandths, or FRAGMENTATION_NONE. */
	int fragmentation[ZONE_ORDERS_MAX];
};

struct machine_slab_row {
	const struct slab_cache *cache;
	uint64_t bytes;
	bool growth_known;
	int64_t growth_objects, growth_bytes; /* since the reading before */
};

/* One line on what a setting and a state, or a state alone, explain. */
struct machine_finding {
	const char *key; /* static: "zone_reclaim" */
	char *text;
};

/* Where to look next. */
struct machine_next {
	char *why, *command;
};

struct machine_report {
	const struct machine *now, *before; /* before: NULL in a first report */
	uint64_t interval_ns;               /* between the two; 0 without one before */
	struct machine_use *uses;
	size_t n_uses;
	/* What no process and no cache explains. Below 0: the counters overlap, or changed while they were read. */
	int64_t unexplained_bytes;
	struct machine_zone_state *zones; /* of machine.zones */
	struct machine_slab_row *slabs;   /* largest first */
	size_t n_slabs;
	uint64_t slab_outside_bytes; /* slab that is in no cache: kmallocs of more than two pages */
	/* The processes with most of it, most first, without those that have none. */
	const struct machine_process **by_rss, **by_swap, **by_page_tables;
	size_t n_by_rss, n_by_swap, n_by_page_tables;
	struct machine_finding *findings;
	size_t n_findings;
	struct machine_next *next;
	size_t n_next;
};

/* By how much the value of that name grew since the list before; 0 where one has it not. */
int64_t named_values_change(const struct named_values *before, const struct named_values *now, const char *name);
/* The change since the reading before, a second. 0 without one. */
double machine_report_rate(const struct machine_report *report, int64_t change);
/* The node's numbers in the reading before, or NULL. */
const struct machine_node *machine_report_node_before(const struct machine_report *report, int node);
/* Frees all but the readings. NULL is allowed. */
void machine_report_free(struct machine_report *report);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which NUMA nodes live memory lies, and the CPUs of which nodes allocated it. */
#ifndef MEMTRACE_MODEL_PLACEMENT_H
#define MEMTRACE_MODEL_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

/* All numbers of nodes are below (the kernel's CONFIG_NODES_SHIFT is at most 10). */
#define NODES_MAX 1024

struct node_usage {
	int node;
	uint64_t live_bytes, live_blocks; /* that lie there; a block that lies on several nodes is counted on each */
	uint64_t cpu_live_bytes;          /* that its CPUs allocated, wherever they lie */
};

/*
 * The live bytes of something: the sum of the nodes' live_bytes, not_resident_bytes and
 * unplaced_bytes; and as well the sum of the nodes' cpu_live_bytes.
 */
struct placement {
	struct node_usage *nodes; /* owned; in the order of the snapshot's; NULL: all lies on its first node */
	size_t n_nodes;
	uint64_t not_resident_bytes; /* on pages that were not touched yet, or are swapped out */
	uint64_t unplaced_bytes;     /* it cannot be told: the process is gone, or too large */
	uint64_t remote_bytes;       /* on another node than that of the CPU that allocated them */
};

/* Makes the list of these nodes, with nothing on them. 0 or -ENOMEM. */
int placement_init(struct placement *placement, const struct node_usage *nodes, size_t n);
void placement_free(struct placement *placement);

/* Adds live bytes and blocks that all lie on the first node, allocated by its CPUs. */
void placement_add_only(struct placement *to, uint64_t live_bytes, uint64_t live_blocks);
/* Adds a block that lies on one node as a whole (-1: not known), allocated by a CPU of another or the same. */
void placement_add_block(struct placement *to, uint64_t bytes, int node, int cpu_node);
/* Adds all of `from`, whose nodes are the same. */
void placement_add(struct placement *to, const struct placement *from);
/* Nothing lies anywhere; the nodes stay. */
void placement_clear(struct placement *placement);

/* Bytes that lie on some node. */
uint64_t placement_resident_bytes(const struct placement *placement);

#endif

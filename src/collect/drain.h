/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot in the making: what the tables hold, summed by stack number. */
#ifndef MEMTRACE_COLLECT_DRAIN_H
#define MEMTRACE_COLLECT_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct memory_known;
struct session;
struct target;

/* What is added up for one stack number. */
struct tally {
	uint64_t live_bytes, live_blocks, oldest_ns; /* oldest_ns: time of its allocation */
	struct placement placement;
	size_t row; /* index + 1 into snapshot->stacks */
};

struct found_block {
	uint32_t stack, slot;
	uint64_t address, size_bytes, time_ns;
	uint64_t not_resident_bytes;
	uint32_t slack_bytes; /* usable behind it, where the allocator tells */
	int node;             /* that most of it lies on, or -1 */
	int cpu_node;         /* of the CPU that allocated it */
	bool placed;          /* where it lies could be told */
	bool left_out;        /* nothing of it lies where it is asked for */
	bool judged;          /* what leads to it was looked for */
	uint8_t kind;         /* enum block_kind: heap, or of what is a range not told more closely than mmap */
};

struct drain {
	struct session *session;
	struct snapshot *snapshot;
	struct tally *tallies;
	uint32_t n_tallies;
	uint64_t now_ns, older_ns;
	bool with_blocks; /* the snapshot is to have them */
	bool placing;     /* it is asked where they lie */
	bool ended_only;  /* children alone that have ended */
	size_t *rows;     /* by slot: index into snapshot->processes */
	int *nodes;       /* numbers, in the order of the snapshot's */
	size_t n_nodes;
	int only; /* index of the node that alone is of interest; -1: all */
	struct found_block *blocks;
	size_t n_blocks, blocks_size;
	struct memory_known *known; /* by slot: what is live, of any age; NULL: it is not asked for */
	uint32_t range_slot;        /* whose ranges are gone through */
	const struct target
	    *only_target; /* whose blocks are looked for; NULL: all, and of those scanned what was found then */
	int error;
};

/*
 * All blocks of one process as they are now. The list, of *n blocks and room for *room, is the caller's, who may
 * give one that is to be filled again. 0 or -errno.
 */
int drain_collect(struct session *session, const struct target *target, struct found_block **blocks, size_t *n,
                  size_t *room);

/* Adds `bytes` of the block to the sums of its stack. */
void drain_tally(struct drain *drain, const struct found_block *block, uint64_t bytes);

/*
 * Finds out on which nodes the blocks lie, and adds them up: with a node that alone is of
 * interest, what lies there. 0 or -ENOMEM.
 */
int drain_place(struct drain *drain);

/* Keeps with the target where its blocks lie, for when it is gone. 0 or -errno: then it is not known. */
int drain_remember(struct drain *drain, struct target *target);

#endif

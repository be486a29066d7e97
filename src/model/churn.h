/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a stack's blocks, or of a process's: how large they are, how long they live, who frees them. */
#ifndef MEMTRACE_MODEL_CHURN_H
#define MEMTRACE_MODEL_CHURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;

/* Bucket 0 holds 0, bucket b what is from 2^(b-1) to 2^b - 1; the last is open. As bpf/memtrace.h has it. */
#define CHURN_BUCKETS 48

/* "Soon" in what follows: within a millisecond. */
#define CHURN_SOON_NS 1000000

/* A place that a stack's blocks are freed from. */
struct free_place {
	uint64_t address, count; /* the return address of the call that frees; frees */
	bool function_known;     /* it is known whether … */
	bool same_function;      /* … the function that allocates makes that call as well */
	struct frame *frames; /* of the address, inlined callers included; owned, their strings are the symbolizer's */
	size_t n_frames;
};

/* Counts since attaching. Of heap blocks alone: mappings have rates, no more. */
struct churn {
	uint64_t freed_count; /* whose free was seen: the sum of lifetimes_ns */
	uint64_t soon_count, soon_bytes;
	uint64_t other_thread_count;
	uint64_t same_function_count, unknown_function_count; /* once free_place.function_known was looked for */
	/*
	 * By realloc: blocks made larger, the bytes of those that it left behind for that, and all bytes that it moved
	 * to another address.
	 */
	uint64_t regrown_count, outgrown_bytes, moved_bytes;
	uint64_t peak_live_bytes;
	bool peak_is_bound; /* it was not more; the peaks of several rows were added up */
	uint64_t lifetimes_ns[CHURN_BUCKETS], sizes_bytes[CHURN_BUCKETS];
	struct free_place *places; /* most frees first; owned */
	size_t n_places;
	uint64_t elsewhere_count; /* freed from places beyond these */
};

/* What CPUs of a node have allocated for a process. */
struct churn_node {
	int node;
	uint64_t recent_count, recent_bytes; /* allocated, as those of stacks */
	uint64_t alloc_count, alloc_bytes, free_count, free_bytes;
	uint64_t other_node_count; /* freed by a CPU of another node */
};

/* A process's, or all processes'. */
struct churn_totals {
	bool counted;             /* what becomes of blocks; else rates are all that is known */
	struct churn churn;       /* without places */
	struct churn_node *nodes; /* of its blocks; owned */
	size_t n_nodes;
	uint64_t recent_count, recent_bytes; /* as those of its stacks, of all kinds */
};

/* The smallest value of a bucket; of CHURN_BUCKETS what lies beyond the last. */
uint64_t churn_bucket_low(unsigned int bucket);

/* Adds all but the places, whose frees count as from elsewhere if they are not `places_too`. 0 or -ENOMEM. */
int churn_add(struct churn *to, const struct churn *from, bool places_too);
/* A copy, owned by the caller; without frames. NULL when out of memory. */
struct churn *churn_copy(const struct churn *churn);
/* NULL is allowed. */
void churn_free(struct churn *churn);

/* Nothing of anything, and no nodes. NULL when out of memory; the caller frees by churn_totals_free(). */
struct churn_totals *churn_totals_new(void);
/* Adds counts of a node, or of all, by their numbers. 0 or -ENOMEM. */
int churn_totals_add_node(struct churn_totals *to, const struct churn_node *from);
int churn_totals_add_nodes(struct churn_totals *to, const struct churn_totals *from);
void churn_totals_free(struct churn_totals *totals);

#endif

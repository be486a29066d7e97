/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address ranges that carry a value and are looked up by binary search. Ranges may be
 * added in any order and may nest or overlap; intervals_settle() makes them disjoint,
 * the one that starts last winning (so a nested range beats its host).
 */
#ifndef MEMTRACE_SYMBOLIZE_INTERVALS_H
#define MEMTRACE_SYMBOLIZE_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

/* More ranges than any real program has; a hostile file may claim any number. */
#define INTERVALS_MAX (8u << 20)

struct interval {
	uint64_t start, end; /* [start, end) */
	uint64_t value;      /* the user's */
};

/* All zeroes is an empty one. */
struct intervals {
	struct interval *items;
	size_t n, capacity;
};

/* Empty ranges are left out. 0, -ENOMEM, or -EOVERFLOW beyond INTERVALS_MAX. */
int intervals_add(struct intervals *intervals, uint64_t start, uint64_t end, uint64_t value);

/* To be called between the last add and the first find. 0 or -ENOMEM. */
int intervals_settle(struct intervals *intervals);

/* The range that holds the address, or NULL. */
const struct interval *intervals_find(const struct intervals *intervals, uint64_t address);

/* Leaves an empty one. */
void intervals_clear(struct intervals *intervals);

#endif

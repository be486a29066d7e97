/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which numbers of a range: first fit, neighbours that are free become one again. */
#ifndef MEMTRACE_UTIL_EXTENTS_H
#define MEMTRACE_UTIL_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

struct extent {
	uint32_t first, n;
};

/* All zeroes has nothing to give. */
struct extents {
	struct extent *free; /* sorted by first; no two touch unless a boundary lies between */
	size_t n_free;
	uint32_t boundary; /* no extent crosses a multiple of it; 0: none */
};

/* Adds numbers that were never given, or gives back what was taken. 0 or -ENOMEM, and they are lost. */
int extents_give(struct extents *extents, struct extent extent);
/* n numbers in a row. 0, or -ENOSPC. */
int extents_take(struct extents *extents, uint32_t n, uint32_t *first);
void extents_clear(struct extents *extents);

#endif

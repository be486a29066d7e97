/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting millions of things by a number: several times faster than qsort(3), which compares. */
#ifndef MEMTRACE_UTIL_RADIX_H
#define MEMTRACE_UTIL_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct radix_key {
	uint64_t value;
	uint32_t group; /* comes first */
	uint32_t index; /* of what it is the key of */
};

/* Sorts by group, then value; equal keys keep their order. 0 or -ENOMEM, and then nothing has changed. */
int radix_sort(struct radix_key *keys, size_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All ranges in an array, for tests to compare. Valid until the next call. */
#ifndef MEMTRACE_TESTS_RANGES_LIST_H
#define MEMTRACE_TESTS_RANGES_LIST_H

#include "collect/ranges.h"

#define RANGES_LISTED (1 << 20)

static struct range ranges_listed[RANGES_LISTED];

static int list_range(void *context, const struct range *range)
{
	size_t *n = context;

	if (*n == RANGES_LISTED)
		return -1;
	ranges_listed[(*n)++] = *range;
	return 0;
}

static const struct range *ranges_all(const struct ranges *ranges, size_t *n)
{
	*n = 0;
	assert_int_equal(ranges_each(ranges, list_range, n), 0);
	return ranges_listed;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that get longer one by one. */
#ifndef MEMTRACE_UTIL_GROW_H
#define MEMTRACE_UTIL_GROW_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Makes room for one more in a list of n elements, whose room is doubled each time n reaches a power
 * of two: so n alone tells how much there is. 0 or -ENOMEM, and the list is as it was.
 */
static inline int grow_list(void **list, size_t n, size_t size)
{
	void *grown;

	if (n & (n - 1))
		return 0;
	grown = reallocarray(*list, n ? 2 * n : 1, size);
	if (!grown)
		return -ENOMEM;
	*list = grown;
	return 0;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/fde_order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "unwind/entry.h"

#define DIGIT_BITS 11
#define N_DIGITS 3
#define N_VALUES (1U << DIGIT_BITS)

/* What is sorted in place of the FDEs, which are larger. */
struct key {
	uint32_t start, index;
};

static bool in_order(const struct fde *fdes, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (fdes[i].start < fdes[i - 1].start)
			return false;
	}
	return true;
}

static unsigned int digit(uint32_t start, unsigned int which)
{
	return start >> which * DIGIT_BITS & (N_VALUES - 1);
}

/* One pass of a radix sort by the lowest digit first. */
static void sort_by_digit(const struct key *from, struct key *to, size_t n, unsigned int which)
{
	uint32_t places[N_VALUES] = {0}, place = 0;

	for (size_t i = 0; i < n; i++)
		places[digit(from[i].start, which)]++;
	for (unsigned int value = 0; value < N_VALUES; value++) {
		uint32_t count = places[value];

		places[value] = place;
		place += count;
	}
	for (size_t i = 0; i < n; i++)
		to[places[digit(from[i].start, which)]++] = from[i];
}

int fde_order(struct fde **fdes, size_t n)
{
	struct key *keys, *from, *to;
	struct fde *sorted;

	if (in_order(*fdes, n))
		return 0;
	keys = calloc(2 * n, sizeof(*keys));
	sorted = calloc(n, sizeof(*sorted));
	if (!keys || !sorted) {
		free(keys);
		free(sorted);
		return -ENOMEM;
	}
	from = keys;
	to = keys + n;
	for (size_t i = 0; i < n; i++)
		from[i] = (struct key){(*fdes)[i].start, (uint32_t)i};
	for (unsigned int which = 0; which < N_DIGITS; which++) {
		struct key *swap = from;

		sort_by_digit(from, to, n, which);
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = (*fdes)[from[i].index];
	free(keys);
	free(*fdes);
	*fdes = sorted;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/radix.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)
#define VALUE_PASSES ((64 + DIGIT_BITS - 1) / DIGIT_BITS)
#define GROUP_PASSES ((32 + DIGIT_BITS - 1) / DIGIT_BITS)

/* Passes go from the least digit of the value to the greatest of the group. */
static unsigned int digit_of(const struct radix_key *key, unsigned int pass)
{
	if (pass < VALUE_PASSES)
		return key->value >> pass * DIGIT_BITS & (DIGITS - 1);
	return key->group >> (pass - VALUE_PASSES) * DIGIT_BITS & (DIGITS - 1);
}

/* Moves all from one list to the other, in the order of a digit. False: it is the same in all; nothing was moved. */
static bool move(const struct radix_key *from, struct radix_key *to, size_t n, unsigned int pass)
{
	size_t starts[DIGITS] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		starts[digit_of(&from[i], pass)]++;
	if (starts[digit_of(&from[0], pass)] == n)
		return false;
	for (size_t digit = 0; digit < DIGITS; digit++) {
		size_t count = starts[digit];

		starts[digit] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[digit_of(&from[i], pass)]++] = from[i];
	return true;
}

int radix_sort(struct radix_key *keys, size_t n)
{
	struct radix_key *spare, *from = keys, *to;

	if (n < 2)
		return 0;
	spare = to = reallocarray(NULL, n, sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	for (unsigned int pass = 0; pass < VALUE_PASSES + GROUP_PASSES; pass++) {
		if (!move(from, to, n, pass))
			continue;
		from = to;
		to = from == keys ? spare : keys;
	}
	if (from != keys)
		memcpy(keys, from, n * sizeof(*keys));
	free(spare);
	return 0;
}

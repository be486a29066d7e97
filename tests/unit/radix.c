// SPDX-License-Identifier: GPL-2.0-or-later
/* Radix sort against a stable sort by comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/radix.h"

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 13;
}

static int compare(const void *left, const void *right)
{
	const struct radix_key *a = left, *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static void check(size_t n, uint64_t value_mask, uint32_t group_mask)
{
	struct radix_key *keys = calloc(n + 1, sizeof(*keys)), *expected = calloc(n + 1, sizeof(*keys));
	uint64_t state = n;

	for (size_t i = 0; i < n; i++) {
		uint64_t value = next_random(&state) << 13 ^ next_random(&state);

		keys[i] =
		    (struct radix_key){value & value_mask, (uint32_t)next_random(&state) & group_mask, (uint32_t)i};
	}
	memcpy(expected, keys, n * sizeof(*keys));
	qsort(expected, n, sizeof(*keys), compare);
	assert_int_equal(radix_sort(keys, n), 0);
	assert_memory_equal(keys, expected, (n + 1) * sizeof(*keys));
	free(keys);
	free(expected);
}

static void sorts_by_group_and_value(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3, 100, 5000, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check(sizes[i], UINT64_MAX, UINT32_MAX);
		check(sizes[i], 0x7ffffffffff0, 0);
		check(sizes[i], 0xff, 3);
		check(sizes[i], 1ULL << 63, 1U << 31);
		check(sizes[i], 0, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorts_by_group_and_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

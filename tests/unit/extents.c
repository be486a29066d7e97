// SPDX-License-Identifier: GPL-2.0-or-later
/* Extents against an oracle of one flag a number. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "util/extents.h"

#define NUMBERS 512
#define BOUNDARY 128

static void test_first_fit_and_joining(void **state)
{
	struct extents extents = {0};
	uint32_t first;

	(void)state;
	assert_int_equal(extents_take(&extents, 1, &first), -ENOSPC);
	assert_int_equal(extents_give(&extents, (struct extent){10, 10}), 0);
	assert_int_equal(extents_take(&extents, 4, &first), 0);
	assert_int_equal(first, 10);
	assert_int_equal(extents_take(&extents, 7, &first), -ENOSPC);
	assert_int_equal(extents_take(&extents, 6, &first), 0);
	assert_int_equal(first, 14);
	assert_int_equal(extents.n_free, 0);
	assert_int_equal(extents_give(&extents, (struct extent){14, 6}), 0);
	assert_int_equal(extents_give(&extents, (struct extent){10, 4}), 0);
	assert_int_equal(extents.n_free, 1);
	assert_int_equal(extents_take(&extents, 10, &first), 0);
	assert_int_equal(first, 10);
	extents_clear(&extents);
}

static void test_nothing_crosses_a_boundary(void **state)
{
	struct extents extents = {.boundary = BOUNDARY};
	uint32_t first;

	(void)state;
	extents_give(&extents, (struct extent){0, BOUNDARY});
	extents_give(&extents, (struct extent){BOUNDARY, BOUNDARY});
	assert_int_equal(extents.n_free, 2);
	assert_int_equal(extents_take(&extents, BOUNDARY + 1, &first), -ENOSPC);
	assert_int_equal(extents_take(&extents, BOUNDARY - 1, &first), 0);
	assert_int_equal(extents_take(&extents, 2, &first), 0);
	assert_int_equal(first, BOUNDARY);
	extents_clear(&extents);
}

static void test_random(void **state)
{
	struct extents extents = {.boundary = BOUNDARY};
	struct extent held[NUMBERS];
	unsigned char taken[NUMBERS] = {0};
	size_t n_held = 0;

	(void)state;
	srand(1);
	for (uint32_t i = 0; i < NUMBERS; i += BOUNDARY)
		extents_give(&extents, (struct extent){i, BOUNDARY});
	for (int round = 0; round < 20000; round++) {
		uint32_t n = 1 + rand() % 40, first;

		if (rand() % 2 && !extents_take(&extents, n, &first)) {
			assert_true(first + n <= NUMBERS);
			assert_int_equal(first / BOUNDARY, (first + n - 1) / BOUNDARY);
			for (uint32_t i = first; i < first + n; i++)
				assert_int_equal(taken[i]++, 0);
			held[n_held++] = (struct extent){first, n};
		} else if (n_held) {
			size_t which = rand() % n_held;

			memset(&taken[held[which].first], 0, held[which].n);
			assert_int_equal(extents_give(&extents, held[which]), 0);
			held[which] = held[--n_held];
		}
	}
	while (n_held)
		extents_give(&extents, held[--n_held]);
	assert_int_equal(extents.n_free, NUMBERS / BOUNDARY);
	extents_clear(&extents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_fit_and_joining),
	    cmocka_unit_test(test_nothing_crosses_a_boundary),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

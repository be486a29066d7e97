// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of pages against an oracle of one flag a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "util/page_set.h"

#define PAGE 4096ULL
#define PAGES 4096
#define BASE ((3ULL << PAGE_SET_LEAF_SHIFT) - PAGES / 2 * PAGE) /* a boundary between leaves lies in the middle */

static void test_pages_touched(void **state)
{
	struct page_set *set = page_set_new();

	(void)state;
	assert_non_null(set);
	assert_false(page_set_has(set, 0x1000));
	assert_int_equal(page_set_add(set, 0x1fff, 2), 0);
	assert_true(page_set_has(set, 0x1000));
	assert_true(page_set_has(set, 0x2fff));
	assert_false(page_set_has(set, 0xfff));
	assert_false(page_set_has(set, 0x3000));
	assert_int_equal(page_set_add(set, 0x5000, 0), 0);
	assert_false(page_set_has(set, 0x5000));
	page_set_free(set);
}

static void test_nothing_beyond_the_address_space(void **state)
{
	struct page_set *set = page_set_new();
	uint64_t last = (1ULL << PAGE_SET_ADDRESS_BITS) - PAGE;

	(void)state;
	assert_int_equal(page_set_add(set, 1ULL << PAGE_SET_ADDRESS_BITS, PAGE), 0);
	assert_int_equal(page_set_add(set, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(set->leaf_bytes, 0);
	assert_int_equal(page_set_add(set, last, UINT64_MAX), 0);
	assert_true(page_set_has(set, last));
	assert_false(page_set_has(set, last - 1));
	assert_false(page_set_covers(set, 1ULL << PAGE_SET_ADDRESS_BITS, 1));
	page_set_free(set);
}

static void test_spans(void **state)
{
	struct page_set *set = page_set_new();
	const uint64_t leaf = 1ULL << PAGE_SET_LEAF_SHIFT;
	const struct {
		uint64_t page, first, first_end, second, second_end; /* in leaves */
	} steps[] = {
	    {5, 5, 6, 6, 6}, {6, 5, 7, 7, 7}, {9, 5, 7, 9, 10}, {100, 5, 10, 100, 101}, {0, 0, 10, 100, 101},
	};
	struct page_span spans[2];

	(void)state;
	page_set_spans(set, spans);
	assert_int_equal(spans[0].bytes + spans[1].bytes, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(page_set_add(set, steps[i].page * leaf, 1), 0);
		page_set_spans(set, spans);
		assert_int_equal(spans[0].start, steps[i].first * leaf);
		assert_int_equal(spans[0].start + spans[0].bytes, steps[i].first_end * leaf);
		assert_int_equal(spans[1].start, steps[i].second * leaf);
		assert_int_equal(spans[1].start + spans[1].bytes, steps[i].second_end * leaf);
	}
	page_set_free(set);
}

static void test_random_ranges(void **state)
{
	(void)state;
	srandom(11);
	for (int round = 0; round < 50; round++) {
		struct page_set *set = page_set_new();
		static bool flags[PAGES];

		memset(flags, 0, sizeof(flags));
		for (int i = 0; i < 20; i++) {
			size_t first = (size_t)random() % PAGES, n = 1 + (size_t)random() % 200;

			n = first + n > PAGES ? PAGES - first : n;
			assert_int_equal(page_set_add(set, BASE + first * PAGE, n * PAGE), 0);
			memset(flags + first, true, n);
		}
		for (size_t i = 0; i < PAGES; i++) {
			size_t n = 1 + (size_t)random() % 300;
			bool all = true;

			assert_int_equal(page_set_has(set, BASE + i * PAGE + i % PAGE), flags[i]);
			n = i + n > PAGES ? PAGES - i : n;
			for (size_t j = i; j < i + n; j++)
				all &= flags[j];
			assert_int_equal(page_set_covers(set, BASE + i * PAGE, n * PAGE), all);
		}
		page_set_free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pages_touched),
	    cmocka_unit_test(test_nothing_beyond_the_address_space),
	    cmocka_unit_test(test_spans),
	    cmocka_unit_test(test_random_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

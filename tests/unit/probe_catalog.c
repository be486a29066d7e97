/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalog's rows make sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "probe/catalog.h"
#include "probe/site.h"

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_rows; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(catalog[i].name, catalog[j].name);
}

static void check_argument(int8_t argument)
{
	assert_true(argument == NO_ARGUMENT || (argument >= 0 && argument < SITE_ARGUMENTS));
}

static void rows_fit_their_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalog_rows; i++) {
		const struct catalog_row *row = &catalog[i];
		bool takes = row->op != MT_ALLOC, gives = row->op != MT_FREE;

		check_argument(row->size_argument);
		check_argument(row->count_argument);
		check_argument(row->old_argument);
		check_argument(row->out_argument);
		assert_int_equal(row->old_argument != NO_ARGUMENT, takes);
		assert_int_equal(row->size_argument != NO_ARGUMENT, gives);
		assert_true(row->count_argument == NO_ARGUMENT || gives);
		assert_int_equal(row->out_argument != NO_ARGUMENT, row->failure == MT_FAIL_NONZERO);
		assert_int_equal(row->failure == MT_FAIL_SMALLER, row->op == MT_RESIZE);
		assert_int_equal(catalog_wants_return(row), gives);
		assert_true(strlen(row->name) < 56); /* with a prefix it fits a probe point's name */
	}
}

static void needed_arguments(void **state)
{
	(void)state;
	assert_int_equal(catalog_needed_arguments(catalog_find("malloc")), 1);
	assert_int_equal(catalog_needed_arguments(catalog_find("calloc")), 3);
	assert_int_equal(catalog_needed_arguments(catalog_find("reallocarray")), 7);
	assert_int_equal(catalog_needed_arguments(catalog_find("posix_memalign")), 5);
	assert_int_equal(catalog_needed_arguments(catalog_find("aligned_alloc")), 2);
	assert_int_equal(catalog_needed_arguments(catalog_find("free_sized")), 1);
	assert_int_equal(catalog_needed_arguments(catalog_find("mi_heap_calloc")), 6);
}

static void prefixes(void **state)
{
	(void)state;
	assert_string_equal(catalog_prefixes[0], "");
	assert_ptr_equal(catalog_find("je_malloc"), catalog_find("malloc"));
	assert_ptr_equal(catalog_find("_rjem_sdallocx"), catalog_find("sdallocx"));
	assert_ptr_equal(catalog_find("mi_malloc"), catalog_find("malloc"));
	assert_null(catalog_find("je_mi_zalloc"));
	assert_null(catalog_find("je__Znwm"));
	assert_null(catalog_find("zalloc"));
	assert_null(catalog_find("malloc_usable_size"));
	assert_null(catalog_find(""));
}

/* All 8 forms of operator new and new[], and all 16 of delete and delete[]. */
static void every_operator_is_there(void **state)
{
	static const char *const sizes[] = {"", "m"}, *const aligns[] = {"", "St11align_val_t"};
	static const char *const nothrows[] = {"", "RKSt9nothrow_t"}, *const arrays[] = {"l", "a"};
	char name[64];

	(void)state;
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "_Zd%sPv%s%s%s", arrays[i & 1], sizes[i >> 1 & 1], aligns[i >> 2 & 1],
		         nothrows[i >> 3 & 1]);
		assert_non_null(catalog_find(name));
		assert_int_equal(catalog_find(name)->op, MT_FREE);
		if (i & 2)
			continue;
		snprintf(name, sizeof(name), "_Zn%sm%s%s", i & 1 ? "a" : "w", aligns[i >> 2 & 1], nothrows[i >> 3 & 1]);
		assert_non_null(catalog_find(name));
		assert_int_equal(catalog_find(name)->op, MT_ALLOC);
	}
}

static void mappings_are_no_probes(void **state)
{
	(void)state;
	assert_int_equal(n_mapping_rows, 6);
	for (size_t i = 0; i < n_mapping_rows; i++)
		assert_null(catalog_find(mapping_rows[i].name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_unique),        cmocka_unit_test(rows_fit_their_operation),
	    cmocka_unit_test(needed_arguments),        cmocka_unit_test(prefixes),
	    cmocka_unit_test(every_operator_is_there), cmocka_unit_test(mappings_are_no_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

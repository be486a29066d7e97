// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "model/gfp.h"
#include "model/kernel.h"

/* The numbers are those of include/linux/gfp_types.h: what each name stands for is written out here. */
static void names_flags(void **state)
{
	static const struct {
		uint32_t gfp;
		const char *text;
	} rows[] = {
	    {0x400 | 0x800 | 0x40 | 0x80, "GFP_KERNEL"},
	    {0xcc0 | 0x400000, "GFP_KERNEL_ACCOUNT"},
	    {0xcc0 | 0x100000, "GFP_USER"},
	    {0xcc0 | 0x100000 | 0x2, "GFP_HIGHUSER"},
	    {0xcc0 | 0x100000 | 0x2 | 0x8, "GFP_HIGHUSER_MOVABLE"},
	    {0xcc0 | 0x100, "GFP_KERNEL|__GFP_ZERO"},
	    {0xcc0 | 0x40000 | 0x2000 | 0x10000, "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP"},
	    {0xcc0 | 0x400000 | 0x100, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"},
	    {0x800 | 0x400 | 0x40, "GFP_NOFS"},
	    {0x800 | 0x400, "GFP_NOIO"},
	    {0x800, "GFP_NOWAIT"},
	    {0x800 | 0x20, "GFP_ATOMIC"},
	    {0xcc0 | 0x1, "GFP_KERNEL|GFP_DMA"},
	    {0xcc0 | 0x4, "GFP_KERNEL|GFP_DMA32"},
	    {0x10, "__GFP_RECLAIMABLE"},
	    {0x400, "__GFP_DIRECT_RECLAIM"},
	    {0xcc0 | 0x200000, "GFP_KERNEL|__GFP_THISNODE"},
	    /* Bits without a name that all kernels share stand as a number, at the end. */
	    {0x800000, "0x800000"},
	    {0xcc0 | 0x2000000, "GFP_KERNEL|0x2000000"},
	    {0x200, "0x200"},
	    {0, "0x0"},
	};
	char text[GFP_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gfp_text(text, sizeof(text), rows[i].gfp);
		assert_string_equal(text, rows[i].text);
	}
}

/* No set of flags, all of them included, has a text that does not fit. */
static void always_fits(void **state)
{
	char text[GFP_TEXT_SIZE];
	size_t longest = 0;

	(void)state;
	/* All but one or two bits: so the long names of single flags come up rather than the short ones of several. */
	for (int i = 0; i < 32; i++) {
		for (int j = 0; j < 32; j++) {
			gfp_text(text, sizeof(text), ~(1U << i | 1U << j));
			longest = strlen(text) > longest ? strlen(text) : longest;
		}
	}
	gfp_text(text, sizeof(text), ~0xcc2U);
	longest = strlen(text) > longest ? strlen(text) : longest;
	assert_true(longest > 256 && longest < GFP_TEXT_SIZE - 1);
}

static void is_cut_where_there_is_no_room(void **state)
{
	char text[16];

	(void)state;
	for (size_t size = 1; size <= 11; size++) {
		memset(text, 'x', sizeof(text));
		gfp_text(text, size, 0xcc0);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, "GFP_KERNEL", size - 1);
		assert_int_equal(text[size], 'x');
	}
	gfp_text(text, 12, 0xcc0 | 0x100);
	assert_string_equal(text, "GFP_KERNEL|");
	gfp_text(text, 12, 0xcc0 | 0x2000000);
	assert_string_equal(text, "GFP_KERNEL|");
}

static void names_types_and_zones(void **state)
{
	(void)state;
	assert_string_equal(migratetype_name(0), "Unmovable");
	assert_string_equal(migratetype_name(1), "Movable");
	assert_string_equal(migratetype_name(2), "Reclaimable");
	assert_null(migratetype_name(6));
	assert_null(migratetype_name(255));
	assert_string_equal(zone_type_name(0), "DMA");
	assert_string_equal(zone_type_name(2), "Normal");
	assert_null(zone_type_name(-1));
	assert_null(zone_type_name(5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_flags),
	    cmocka_unit_test(always_fits),
	    cmocka_unit_test(is_cut_where_there_is_no_room),
	    cmocka_unit_test(names_types_and_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

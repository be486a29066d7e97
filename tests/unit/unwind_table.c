/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables as a whole: pages, gaps, padding, order, sources; and those of this very program. */
#include "unit/unwind_fixture.h"

#include <errno.h>
#include <fcntl.h>

#define ALL UNWIND_ALL_CODE
#define ADVANCE(n) (0x40 + (n))
#define OFFSET_IS(n) 0x0e, n

static void rows_of_a_function(void **state)
{
	struct elf_draft *draft = draft_new();
	size_t cie = CIE(draft, USUAL);
	struct unwind_table table;

	(void)state;
	FDE(draft, cie, CODE + 0x100, 0x80, ADVANCE(1), OFFSET_IS(16), 0x86, 2, ADVANCE(3), 0x0d, 6, ADVANCE(0x20),
	    0x0c, 7, 8);
	assert_int_equal(draft_build(draft, ALL, &table), 0);
	assert_int_equal(table.base, CODE);
	assert_int_equal(table.n_pages, 1);
	assert_int_equal(table.n_fdes, 1);
	assert_int_equal(table.n_malformed, 0);
	assert_int_equal(table.n_not_expressed, 0);
	assert_cfa(&table, CODE + 0xff, UNWIND_BAD, 0);
	assert_cfa(&table, CODE + 0x100, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x101, UNWIND_SP, 16);
	assert_cfa(&table, CODE + 0x104, UNWIND_FP, 16);
	assert_cfa(&table, CODE + 0x123, UNWIND_FP, 16);
	assert_cfa(&table, CODE + 0x124, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x17f, UNWIND_SP, 8);
	assert_cfa(&table, CODE + 0x180, UNWIND_BAD, 0);
	assert_cfa(&table, 0, UNWIND_BAD, 0);
	assert_cfa(&table, UINT64_MAX, UNWIND_BAD, 0);
	assert_int_equal(unwind_table_find(&table, CODE + 0x100)->fp, UNWIND_FP_SAME);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->fp, UNWIND_FP_AT_CFA);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->fp_offset, -16);
	assert_int_equal(unwind_table_find(&table, CODE + 0x104)->ra_offset, -8);
	unwind_table_free(&table);
	unwind_table_free(&table);
}

static void the_test_itself(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct unwind_table all, calls;

	(void)state;
	assert_int_equal(unwind_table_build(fd, UNWIND_ALL_CODE, &all), 0);
	assert_int_equal(unwind_table_build(fd, UNWIND_CALL_SITES, &calls), 0);
	assert_true(all.n_fdes > 10 && all.n_rows > calls.n_rows && calls.n_rows > 10);
	assert_int_equal(all.n_malformed, 0);
	assert_int_equal(all.n_not_expressed, 0);
	unwind_table_free(&all);
	unwind_table_free(&calls);
	close(fd);
}

static void no_elf_file(void **state)
{
	struct unwind_table table;
	int fd = memfd_create("text", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	assert_int_equal(write(fd, "some text", 9), 9);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	close(fd);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -EBADF);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unwind_table_build(fd, ALL, &table), -ENOEXEC);
	close(fd);
	unwind_table_free(&table);
}

static void nothing_to_tell(void **state)
{
	struct elf_draft *draft = draft_new();
	struct unwind_table table;

	(void)state;
	CIE(draft, USUAL);
	assert_int_equal(draft_build(draft, ALL, &table), -ENODATA);
	assert_int_equal(draft_build(draft_new(), ALL, &table), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_of_a_function),
	    cmocka_unit_test(the_test_itself),
	    cmocka_unit_test(no_elf_file),
	    cmocka_unit_test(nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

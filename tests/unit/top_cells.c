// SPDX-License-Identifier: GPL-2.0-or-later
/* Text cut to columns, and the course of a number in characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "top/cells.h"
#include "top/sparkline.h"
#include "unit/top_fixture.h"

#define WIDE "\xe5\xae\xbd"  /* U+5BBD, two columns */
#define ACUTE "\xcc\x81"     /* U+0301, on the letter before */
#define ARROW "\xe2\x86\x90" /* U+2190 */
#define ALL 1000

static void check(const char *text, size_t skip, size_t width, bool utf8, const char *expected, size_t columns)
{
	struct buffer out = {0};
	size_t used = cells_add(&out, text, skip, width, utf8);

	buffer_add(&out, "", 1);
	assert_string_equal(out.bytes, expected);
	assert_int_equal(used, columns);
	buffer_free(&out);
}

static void cuts_to_columns(void **state)
{
	(void)state;
	check("fibonacci", 0, ALL, true, "fibonacci", 9);
	check("fibonacci", 0, 4, true, "fibo", 4);
	check("fibonacci", 4, 3, true, "nac", 3);
	check("fibonacci", 20, 3, true, "", 0);
	check("fibonacci", 0, 0, true, "", 0);
	check("", 0, ALL, true, "", 0);
}

static void halves_no_wide_character(void **state)
{
	(void)state;
	check("a" WIDE "b", 0, ALL, true, "a" WIDE "b", 4);
	check("a" WIDE "b", 0, 2, true, "a", 1);
	check("a" WIDE "b", 0, 3, true, "a" WIDE, 3);
	check("a" WIDE "b", 2, ALL, true, " b", 2);
	assert_int_equal(cells_width("a" WIDE "b", true), 4);
}

static void keeps_marks_with_their_letter(void **state)
{
	(void)state;
	check("e" ACUTE "x", 0, 1, true, "e" ACUTE, 1);
	check("e" ACUTE "x", 1, ALL, true, "x", 1);
	/* Without a letter, or in a pile, they would go elsewhere. */
	check(ACUTE "x", 0, ALL, true, "\\u{301}x", 8);
	check("e" ACUTE ACUTE ACUTE, 0, ALL, true, "e" ACUTE ACUTE "\\u{301}", 8);
}

static void escapes_what_has_no_width(void **state)
{
	(void)state;
	check("a\x1b[31m", 0, ALL, true, "a\\x1b[31m", 9);
	check("a\x7f\n", 0, ALL, true, "a\\x7f\\x0a", 9);
	check("a\xff\xc2", 0, ALL, true, "a\\xff\\xc2", 9);
	check("a\xc2\x9b"
	      "31m",
	      0, ALL, true, "a\\u{9b}31m", 10);
	check("a\x1b[31m", 0, 3, true, "a\\x", 3);
}

static void is_ascii_without_utf8(void **state)
{
	(void)state;
	check("a " ARROW " b", 0, ALL, false, "a <- b", 6);
	check("a" WIDE, 0, ALL, false, "a\\u{5bbd}", 9);
	check("\xe2\x96\x81\xe2\x96\x88", 0, ALL, false, "_#", 2);
	check("\xc2\xb1", 0, ALL, false, "+-", 2);
}

static void random_bytes_do_no_harm(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[24] = "";
		size_t length = (size_t)rand_r(&seed) % sizeof(text), skip = (size_t)rand_r(&seed) % 12,
		       width = (size_t)rand_r(&seed) % 12, used;
		bool utf8 = rand_r(&seed) % 2;
		struct buffer out = {0};

		for (size_t i = 0; i < length; i++)
			text[i] = (char)(rand_r(&seed) % 3 ? 0x80 + rand_r(&seed) % 128 : rand_r(&seed) % 128);
		text[sizeof(text) - 1] = '\0';
		used = cells_add(&out, text, skip, width, utf8);
		assert_true(used <= width);
		assert_int_equal(top_columns(&out, utf8), used);
		buffer_free(&out);
	}
}

static void check_sparkline(const uint64_t *values, size_t n, size_t width, const char *expected)
{
	char text[SPARKLINE_SIZE];
	struct buffer plain = {0};

	sparkline_write(text, values, n, width);
	cells_add(&plain, text, 0, ALL, false);
	buffer_add(&plain, "", 1);
	assert_string_equal(plain.bytes, expected);
	buffer_free(&plain);
}

static void sparkline_shows_the_course(void **state)
{
	uint64_t rising[] = {0, 1, 2, 3, 4, 5, 6, 7}, level[] = {5, 5, 5}, large[] = {0, UINT64_MAX};
	uint64_t many[SPARKLINE_MAX + 8] = {0};

	(void)state;
	check_sparkline(rising, 8, 8, "_.:-=+*#");
	check_sparkline(rising, 8, 3, "_=#");
	check_sparkline(level, 3, 5, "  ___");
	check_sparkline(large, 2, 2, "_#");
	check_sparkline(rising, 0, 3, "   ");
	many[SPARKLINE_MAX + 7] = 1;
	check_sparkline(many, SPARKLINE_MAX + 8, 1000, "_______________________________#");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cuts_to_columns),
	    cmocka_unit_test(halves_no_wide_character),
	    cmocka_unit_test(keeps_marks_with_their_letter),
	    cmocka_unit_test(escapes_what_has_no_width),
	    cmocka_unit_test(is_ascii_without_utf8),
	    cmocka_unit_test(random_bytes_do_no_harm),
	    cmocka_unit_test(sparkline_shows_the_course),
	};

	top_utf8();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

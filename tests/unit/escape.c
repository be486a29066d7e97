// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "util/escape.h"

static const struct {
	const char *raw, *escaped, *repaired;
} rows[] = {
    {"", "", ""},
    {"main", "main", "main"},
    {"std::vector<int>::push_back(int const&)", "std::vector<int>::push_back(int const&)", NULL},
    {"Größe 数 🦀", "Größe 数 🦀", NULL},
    {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d", NULL},
    {"\033[2J\007", "\\x1b[2J\\x07", NULL},
    {"\x7f", "\\x7f", NULL},
    {"\xc2\x85\xc2\x9b", "\\u{85}\\u{9b}", NULL},
    {"\\x1b", "\\\\x1b", NULL},
    {"a\u202eb\u2066c\u200f\u061c", "a\\u{202e}b\\u{2066}c\\u{200f}\\u{61c}", NULL},
    {"\u00ad\u200b\u2028\u2029\ufeff\U000e0041", "\\u{ad}\\u{200b}\\u{2028}\\u{2029}\\u{feff}\\u{e0041}", NULL},
    {"\U0010ffff", "\U0010ffff", NULL},
    /* Not UTF-8: a lone lead, a lone continuation, overlong, a surrogate, beyond the end, cut off. */
    {"\xff", "\\xff", "\ufffd"},
    {"a\xc3(", "a\\xc3(", "a\ufffd("},
    {"\x80", "\\x80", "\ufffd"},
    {"\xc0\xaf", "\\xc0\\xaf", "\ufffd\ufffd"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\ufffd\ufffd\ufffd"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\ufffd\ufffd\ufffd\ufffd"},
    {"\xe2\x82", "\\xe2\\x82", "\ufffd\ufffd"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void copies_escaped(void **state)
{
	char buffer[256];

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		assert_int_equal(escape_copy(buffer, sizeof(buffer), rows[i].raw), strlen(rows[i].escaped));
		assert_string_equal(buffer, rows[i].escaped);
	}
}

static void writes_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		char *written = NULL;
		size_t size;
		FILE *out = open_memstream(&written, &size);

		escape_write(out, rows[i].raw);
		fclose(out);
		assert_string_equal(written, rows[i].escaped);
		free(written);
	}
}

/* What a format gives a meaning is escaped, too; all else as ever, also beyond ASCII. */
static void escapes_what_is_asked_for(void **state)
{
	struct buffer buffer = {0};
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	(void)state;
	escape_add(&buffer, "[u8; 4]#\"\\\n\u013b\xff", ";#");
	escape_write_also(out, "[u8; 4]#\"\\\n\u013b\xff", ";#");
	fclose(out);
	assert_string_equal(written, "[u8\\x3b 4]\\x23\"\\\\\\x0a\u013b\\xff");
	assert_int_equal(buffer.size, size);
	assert_memory_equal(buffer.bytes, written, size);
	escape_add(&buffer, NULL, ";");
	assert_int_equal(buffer.size, size);
	buffer_free(&buffer);
	free(written);
}

static void repairs_to_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		char *repaired = utf8_repair(rows[i].raw);

		assert_string_equal(repaired, rows[i].repaired ? rows[i].repaired : rows[i].raw);
		free(repaired);
	}
}

static void never_cuts_an_escape(void **state)
{
	char buffer[8];

	(void)state;
	assert_int_equal(escape_copy(buffer, sizeof(buffer), "abcde\033f"), 10);
	assert_string_equal(buffer, "abcde");
	assert_int_equal(escape_copy(buffer, sizeof(buffer), "abc\033f"), 8);
	assert_string_equal(buffer, "abc\\x1b");
	assert_int_equal(escape_copy(buffer, 3, "aü"), 3);
	assert_string_equal(buffer, "a");
	assert_int_equal(escape_copy(NULL, 0, "abc"), 3);
}

static void takes_null_for_nothing(void **state)
{
	char buffer[4] = "xyz";

	(void)state;
	assert_int_equal(escape_copy(buffer, sizeof(buffer), NULL), 0);
	assert_string_equal(buffer, "");
	escape_write(stderr, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_escaped),         cmocka_unit_test(writes_escaped),
	    cmocka_unit_test(repairs_to_utf8),        cmocka_unit_test(never_cuts_an_escape),
	    cmocka_unit_test(takes_null_for_nothing), cmocka_unit_test(escapes_what_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines, words and numbers of the kernel's files; amounts as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine/text.h"
#include "model/named_value.h"
#include "util/quantity.h"

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static void takes_lines(void **state)
{
	const char *text = "one\n\nthree";
	struct span line;

	(void)state;
	assert_true(text_line(&text, &line));
	assert_true(span_is(line, "one"));
	assert_true(text_line(&text, &line));
	assert_int_equal(line.length, 0);
	assert_true(text_line(&text, &line));
	assert_true(span_is(line, "three"));
	assert_false(text_line(&text, &line));
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		bool number;
		uint64_t value;
	} rows[] = {
	    {"0", true, 0},
	    {"18446744073709551615", true, UINT64_MAX},
	    {"18446744073709551616", false, 0},
	    {"99999999999999999999999", false, 0},
	    {"", false, 0},
	    {"-1", false, 0},
	    {"1x", false, 0},
	    {" 1", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 7;

		assert_int_equal(span_decimal(span_of(rows[i].text), &value), rows[i].number);
		assert_int_equal(value, rows[i].number ? rows[i].value : 7);
	}
}

static void takes_words(void **state)
{
	struct span rest = span_of("  Node 0,\tzone  12 x"), word;
	uint64_t value;

	(void)state;
	assert_true(span_word(&rest, &word));
	assert_true(span_is(word, "Node"));
	assert_true(span_until(&rest, ',', &word));
	assert_true(span_is(span_trim(word), "0"));
	assert_false(span_number(&rest, &value));
	assert_true(span_word(&rest, &word));
	assert_true(span_is(word, "zone"));
	assert_true(span_number(&rest, &value));
	assert_int_equal(value, 12);
	assert_false(span_skip(&rest, "x"));
	assert_true(span_skip(&rest, " x"));
	assert_false(span_word(&rest, &word));
	assert_false(span_until(&rest, ',', &word));
}

static void keeps_named_values(void **state)
{
	struct named_values values = {0};

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "name%d", (int)i);
		assert_int_equal(named_values_add(&values, name, strlen(name), i), 0);
	}
	assert_int_equal(values.n, 100);
	assert_int_equal(named_values_get(&values, "name63"), 63);
	assert_null(named_values_find(&values, "name100"));
	assert_int_equal(named_values_get(&values, "name100"), 0);
	named_values_clear(&values);
	assert_int_equal(values.n, 0);
}

static void writes_amounts(void **state)
{
	static const struct {
		uint64_t amount;
		const char *bytes, *count, *words;
	} rows[] = {
	    {0, "0", "0", "0 bytes"},
	    {1, "1", "1", "1 byte"},
	    {1023, "1023", "1023", "1023 bytes"},
	    {1024, "1.0K", "1024", "1.0 KiB"},
	    {9999, "9.8K", "9999", "9.8 KiB"},
	    {10000, "9.8K", "10.0k", "9.8 KiB"},
	    {123456, "121K", "123k", "121 KiB"},
	    {1048575, "1.0M", "1.0M", "1.0 MiB"},
	    {15032385536, "14.0G", "15.0G", "14 GiB"},
	    {UINT64_MAX, "16.0E", "18.4E", "16 EiB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[QUANTITY_SIZE];

		assert_string_equal(quantity_bytes(text, rows[i].amount), rows[i].bytes);
		assert_string_equal(quantity_count(text, rows[i].amount), rows[i].count);
		assert_string_equal(quantity_words(text, rows[i].amount), rows[i].words);
	}
	assert_int_equal(quantity_of(-1), 0);
	assert_int_equal(quantity_of(0.0 / 0.0), 0);
	assert_int_equal(quantity_of(12.7), 12);
	assert_true(quantity_of(1e300) > UINT64_MAX / 2);
	/* Never wider than a column. */
	for (uint64_t amount = 1; amount < UINT64_MAX / 3; amount += amount / 2 + 1) {
		char text[QUANTITY_SIZE];

		assert_in_range(strlen(quantity_bytes(text, amount)), 1, 6);
		assert_in_range(strlen(quantity_count(text, amount)), 1, 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_lines),        cmocka_unit_test(reads_numbers),  cmocka_unit_test(takes_words),
	    cmocka_unit_test(keeps_named_values), cmocka_unit_test(writes_amounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

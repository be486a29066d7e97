// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/number.h"

struct row {
	const char *text;
	int result;
	uint64_t value;
};

static const struct row numbers[] = {
    {"0", 0, 0},
    {"7", 0, 7},
    {"007", 0, 7},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -ERANGE, 0},
    {"99999999999999999999999", -ERANGE, 0},
    {"", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 ", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
    {"1.0", -EINVAL, 0},
    {"1K", -EINVAL, 0},
};

static const struct row sizes[] = {
    {"0", 0, 0},
    {"4096", 0, 4096},
    {"1K", 0, 1024},
    {"1KiB", 0, 1024},
    {"3M", 0, 3 << 20},
    {"2G", 0, 2ULL << 30},
    {"2GiB", 0, 2ULL << 30},
    {"0G", 0, 0},
    {"17179869183G", 0, 17179869183ULL << 30},
    {"17179869184G", -ERANGE, 0},
    {"18446744073709551616", -ERANGE, 0},
    {"K", -EINVAL, 0},
    {"1k", -EINVAL, 0},
    {"1KB", -EINVAL, 0},
    {"1Ki", -EINVAL, 0},
    {"1KiBs", -EINVAL, 0},
    {"1iB", -EINVAL, 0},
    {"1T", -EINVAL, 0},
    {"1 K", -EINVAL, 0},
    {"-1K", -EINVAL, 0},
    {"1.5K", -EINVAL, 0},
};

static const struct row seconds[] = {
    {"5", 0, 5000000000},
    {"0", 0, 0},
    {"0.5", 0, 500000000},
    {"1.000000001", 0, 1000000001},
    {"9223372036.854775807", 0, INT64_MAX},
    {"9223372036.854775808", -ERANGE, 0},
    {"99999999999", -ERANGE, 0},
    {"1.0000000000", -EINVAL, 0},
    {"1.", -EINVAL, 0},
    {".5", -EINVAL, 0},
    {"5s", -EINVAL, 0},
    {"1.5.2", -EINVAL, 0},
    {"1e3", -EINVAL, 0},
    {"inf", -EINVAL, 0},
    {"-1", -EINVAL, 0},
};

static const struct row durations[] = {
    {"90s", 0, 90000000000},
    {"30min", 0, 1800000000000},
    {"12h", 0, 43200000000000},
    {"7d", 0, 604800000000000},
    {"0d", 0, 0},
    {"9223372036s", 0, 9223372036000000000},
    {"9223372037s", -ERANGE, 0},
    {"106751d", 0, 9223286400000000000},
    {"106752d", -ERANGE, 0},
    {"18446744073709551615h", -ERANGE, 0},
    {"18446744073709551616h", -ERANGE, 0},
    {"7", -EINVAL, 0},
    {"7m", -EINVAL, 0},
    {"7 d", -EINVAL, 0},
    {"7days", -EINVAL, 0},
    {"1.5h", -EINVAL, 0},
    {"d", -EINVAL, 0},
    {"-1h", -EINVAL, 0},
    {"", -EINVAL, 0},
};

static void check(const struct row *rows, size_t n, int (*parse)(const char *, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 42;
		int result = parse(rows[i].text, &value);

		if (result != rows[i].result || value != (result ? 42 : rows[i].value))
			fail_msg("'%s': %d, %llu", rows[i].text, result, (unsigned long long)value);
	}
}

#define CHECK(rows, parse) check(rows, sizeof(rows) / sizeof(rows[0]), parse)

static void parses_numbers(void **state)
{
	(void)state;
	CHECK(numbers, number_parse);
}

static void parses_sizes(void **state)
{
	(void)state;
	CHECK(sizes, number_parse_size);
}

static void parses_seconds(void **state)
{
	(void)state;
	CHECK(seconds, number_parse_seconds);
}

static void parses_durations(void **state)
{
	(void)state;
	CHECK(durations, number_parse_duration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_numbers),
	    cmocka_unit_test(parses_sizes),
	    cmocka_unit_test(parses_seconds),
	    cmocka_unit_test(parses_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

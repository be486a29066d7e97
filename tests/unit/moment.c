// SPDX-License-Identifier: GPL-2.0-or-later
/* Times as people name them, and the moments of a recording that they mean. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "cli/moment.h"

#define NS 1000000000ULL
/* 2026-03-01 23:59:00 UTC */
#define BEGIN_NS (1772409540 * NS)

/* Every half minute, over midnight; the clock goes back once. */
static const struct moment moments[] = {
    {.time_unix_ns = BEGIN_NS + NS / 2, .live_bytes = 5},  {.time_unix_ns = BEGIN_NS + 30 * NS, .live_bytes = 9},
    {.time_unix_ns = BEGIN_NS + 60 * NS, .live_bytes = 9}, {.time_unix_ns = BEGIN_NS + 90 * NS, .live_bytes = 2},
    {.time_unix_ns = BEGIN_NS + 80 * NS, .live_bytes = 3}, {.time_unix_ns = BEGIN_NS + 120 * NS, .live_bytes = 4},
};

#define N_MOMENTS (sizeof(moments) / sizeof(moments[0]))

struct row {
	const char *zone, *text;
	int result;
	size_t index;
};

static const struct row rows[] = {
    {"UTC", "2026-03-01T23:59:00", 0, 0}, /* all of that second */
    {"UTC", "2026-03-01T23:59:29", 0, 0},
    {"UTC", "2026-03-01T23:59:30", 0, 1},
    {"UTC", "2026-03-01 23:59:30", 0, 1},
    {"UTC", "2026-03-01T23:59", 0, 0},
    {"UTC", "2026-03-02T00:00", 0, 2},
    {"UTC", "2026-03-02T00:00:25Z", 0, 4},
    {"UTC", "2026-03-02T01:00:25+01:00", 0, 4},
    {"UTC", "2026-03-01T18:30:25-05:30", 0, 4},
    {"UTC", "2126-01-01T00:00:00", 0, 5},
    {"UTC", "2026-03-01T23:58:59", -ERANGE, 0},
    {"UTC", "1969-12-31T23:59:58", -ERANGE, 0},
    {"UTC-1", "2026-03-02T00:59:30", 0, 1},
    {"UTC-1", "2026-03-01T23:59:30Z", 0, 1},
    {"UTC-1", "00:59:30", 0, 1},
    {"UTC", "23:59:30", 0, 1}, /* of the day before the last snapshot's */
    {"UTC", "00:00", 0, 2},
    {"UTC", "00:00:45", 0, 4},
    {"UTC", "00:01", 0, 5},
    {"UTC", "00:02", -ERANGE, 0}, /* a day before the beginning */
    {"UTC", "23:58", -ERANGE, 0},
    {"UTC", "+0", 0, 0},
    {"UTC", "+29.4", 0, 0},
    {"UTC", "+29.5", 0, 1},
    {"UTC", "+84", 0, 4},
    {"UTC", "+1000000", 0, 5},
    {"UTC", "@1772409570", 0, 1},
    {"UTC", "@1772409569.999", 0, 0},
    {"UTC", "@0", -ERANGE, 0},
    {"UTC", "+9223372036", -EINVAL, 0},
    {"UTC", "+", -EINVAL, 0},
    {"UTC", "+-1", -EINVAL, 0},
    {"UTC", "", -EINVAL, 0},
    {"UTC", "noon", -EINVAL, 0},
    {"UTC", "25:00", -EINVAL, 0},
    {"UTC", "12:61", -EINVAL, 0},
    {"UTC", "12:30 ", -EINVAL, 0},
    {"UTC", "12:30:00x", -EINVAL, 0},
    {"UTC", "2026-13-01T00:00:00", -EINVAL, 0},
    {"UTC", "2026-03-01", -EINVAL, 0},
    {"UTC", "2026-03-01T12:30:00+1", -EINVAL, 0},
    {"UTC", "2026-03-01T12:30:00+01:00x", -EINVAL, 0},
    {"UTC", "2026-03-01T12:30:00+25:00", -EINVAL, 0},
    {"UTC", "2026-03-01T12:30:00Zulu", -EINVAL, 0},
    {"UTC", "999999999999-01-01T00:00:00", -EINVAL, 0},
};

static void finds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t index = 42;
		int result;

		setenv("TZ", rows[i].zone, 1);
		tzset();
		result = moment_find(moments, N_MOMENTS, rows[i].text, &index);
		if (result != rows[i].result || index != (result ? 42 : rows[i].index))
			fail_msg("'%s' (%s): %d, %zu", rows[i].text, rows[i].zone, result, index);
	}
}

static void one_moment(void **state)
{
	size_t index = 42;

	(void)state;
	assert_int_equal(moment_find(moments, 1, "+100", &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(moment_peak(moments, 1), 0);
}

static void peak(void **state)
{
	(void)state;
	assert_int_equal(moment_peak(moments, N_MOMENTS), 1);
	assert_int_equal(moment_peak(moments + 3, N_MOMENTS - 3), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds),
	    cmocka_unit_test(one_moment),
	    cmocka_unit_test(peak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Which moments of a recording are shown: what lasted one snapshot alone is among them, and little is gone through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "recording/choose_moments.h"

#define MOST 20000

static struct moment moments[MOST];
static size_t whole[MOST];
static bool chosen[MOST];

/* A level course, and every so many moments one that is stored whole. */
static struct moments_asked make(size_t n, size_t whole_every, size_t max, size_t passed_max)
{
	for (size_t i = 0; i < n; i++) {
		moments[i] = (struct moment){.live_bytes = 1000000 + i % 7};
		whole[i] = i / whole_every * whole_every;
	}
	return (struct moments_asked){
	    .moments = moments, .whole = whole, .n = n, .shown = n / 3, .max = max, .passed_max = passed_max};
}

static size_t choose(const struct moments_asked *asked)
{
	size_t n = 0;

	assert_int_equal(moments_choose(asked, chosen), 0);
	for (size_t i = 0; i < asked->n; i++)
		n += chosen[i];
	assert_true(n >= 1 && n <= asked->max);
	assert_true(chosen[asked->shown]);
	return n;
}

/* What was gone through to get there. */
static size_t passed(const struct moments_asked *asked)
{
	size_t n = 0, known = 0;

	for (size_t i = 0; i < asked->n; i++) {
		if (!chosen[i])
			continue;
		n += i - (known > whole[i] ? known : whole[i]);
		known = i;
	}
	return n;
}

static void all_where_there_is_room(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 300; n++) {
		struct moments_asked asked = make(n, 50, 300, n);

		assert_int_equal(choose(&asked), n);
	}
}

static void few_places(void **state)
{
	struct moments_asked asked = make(1000, 60, 1, 1000);

	(void)state;
	moments[700].live_bytes = 3000000;
	assert_int_equal(choose(&asked), 1);
	asked.max = 2;
	assert_int_equal(choose(&asked), 2);
	assert_true(chosen[0]);
	asked.max = 3;
	assert_int_equal(choose(&asked), 3);
	assert_true(chosen[0] && chosen[999]);
	asked.max = 4;
	assert_int_equal(choose(&asked), 4);
	assert_true(chosen[0] && chosen[999] && chosen[700]);
	asked.shown = 700;
	assert_int_equal(choose(&asked), 3);
}

/* A spike and a dip of one moment in each stretch, at each of its places once. */
static void each_stretch_keeps_its_extremes(void **state)
{
	enum { STRETCHES = 58, LENGTH = 37, MAX = 2 * STRETCHES + 4 };

	(void)state;
	for (size_t at = 0; at < LENGTH; at++) {
		struct moments_asked asked = make(STRETCHES * LENGTH, 60, MAX, STRETCHES * LENGTH);

		for (size_t i = 0; i < STRETCHES; i++) {
			moments[i * LENGTH + at].live_bytes = 2000000 + i;
			moments[i * LENGTH + (at + 5) % LENGTH].live_bytes = 1000 - i;
		}
		choose(&asked);
		for (size_t i = 0; i < STRETCHES; i++) {
			assert_true(chosen[i * LENGTH + at]);
			assert_true(chosen[i * LENGTH + (at + 5) % LENGTH]);
		}
	}
}

static void long_recordings_cost_no_more_than_they_may(void **state)
{
	static const size_t most[] = {5, 50, 120, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		for (size_t may_pass = 0; may_pass < 3000; may_pass += 250) {
			struct moments_asked asked = make(10080, 60, most[i], may_pass);

			for (size_t j = 0; j < 10080; j += 17)
				moments[j].live_bytes = (size_t)rand() % 2000000;
			choose(&asked);
			/* Those that are chosen at any price are in three chains at most. */
			assert_true(passed(&asked) <= may_pass + 3 * 59);
		}
	}
}

/* Where not all can be gone through, what stands out most is; the very peak at any price. */
static void what_stands_out_comes_first(void **state)
{
	struct moments_asked asked = make(10080, 60, 120, 200);

	(void)state;
	asked.shown = asked.n - 1;
	for (size_t i = 0; i < 100; i++)
		moments[60 * i + 31].live_bytes = 1100000 + i;
	moments[3000 + 45].live_bytes = 5000000;
	moments[6000 + 50].live_bytes = 4000000;
	moments[7020 + 50].live_bytes = 100;
	choose(&asked);
	assert_true(chosen[3045] && chosen[6050] && chosen[7070]);
	assert_true(chosen[0] && chosen[10079]);
	/* Others are told by what is stored whole: there is one in each stretch of it. */
	for (size_t i = 0; i < 58; i++) {
		bool any = false;

		for (size_t j = i * 10080 / 58; j < (i + 1) * 10080 / 58; j++)
			any |= chosen[j];
		assert_true(any);
	}
	asked.passed_max = 0;
	choose(&asked);
	assert_true(chosen[3045] && !chosen[6050] && !chosen[7070]);
}

/* A day at one snapshot in five seconds has few that are whole. */
static void few_whole_ones(void **state)
{
	struct moments_asked asked = make(17280, 720, 120, 4000);

	(void)state;
	for (size_t i = 0; i < asked.n; i++)
		moments[i].live_bytes = 1000000 + 1000 * (i % 720 < 360 ? i % 720 : 720 - i % 720);
	assert_in_range(choose(&asked), 24 + 10, 120);
	assert_true(passed(&asked) <= 4000 + 3 * 719);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_where_there_is_room),
	    cmocka_unit_test(few_places),
	    cmocka_unit_test(each_stretch_keeps_its_extremes),
	    cmocka_unit_test(long_recordings_cost_no_more_than_they_may),
	    cmocka_unit_test(what_stands_out_comes_first),
	    cmocka_unit_test(few_whole_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

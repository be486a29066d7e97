/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps: one source of rules laid over another, gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unwind/steps.h"

#define GAP STEP_GAP

static void steps_are(const struct steps *steps, const struct step *expected, size_t n)
{
	assert_int_equal(steps->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(steps->all[i].offset, expected[i].offset);
		assert_int_equal(steps->all[i].what, expected[i].what);
	}
}

#define STEPS(...) (const struct step[]){__VA_ARGS__}, sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)

static void fill(struct steps *steps, const struct step *from, size_t n)
{
	*steps = (struct steps){0};
	for (size_t i = 0; i < n; i++)
		steps_add(steps, from[i].offset, from[i].what);
}

static void adding(void **state)
{
	struct steps steps;

	(void)state;
	fill(&steps, STEPS({0, 1}, {4, 1}, {8, 2}, {8, 3}, {9, 4}));
	steps_are(&steps, STEPS({0, 1}, {8, 3}, {9, 4}));
	steps_free(&steps);
}

static void overlay(void **state)
{
	struct steps first, second, both = {0};

	(void)state;
	fill(&first, STEPS({0, GAP}, {10, 1}, {20, GAP}, {30, 2}, {35, STEP_UNSAID}, {40, GAP}));
	fill(&second, STEPS({0, GAP}, {5, 7}, {25, 8}, {28, GAP}, {33, 9}, {50, GAP}));
	assert_int_equal(steps_overlay(&first, &second, &both), 0);
	steps_are(&both, STEPS({0, GAP}, {5, 7}, {10, 1}, {20, 7}, {25, 8}, {28, GAP}, {30, 2}, {35, STEP_UNSAID},
	                       {40, 9}, {50, GAP}));
	steps_free(&both);
	steps_free(&first);
	assert_int_equal(steps_overlay(&first, &second, &both), 0);
	steps_are(&both, second.all, second.n);
	steps_free(&both);
	assert_int_equal(steps_overlay(&second, &first, &both), 0);
	steps_are(&both, second.all, second.n);
	steps_free(&both);
	steps_free(&second);
}

static void closing_gaps(void **state)
{
	struct steps steps;

	(void)state;
	fill(&steps,
	     STEPS({0, GAP}, {100, 1}, {200, GAP}, {215, 1}, {300, GAP}, {316, 2}, {400, GAP}, {401, 3}, {500, GAP}));
	steps_close_gaps(&steps, 15);
	steps_are(&steps, STEPS({100, 1}, {300, GAP}, {316, 2}, {401, 3}, {500, GAP}));
	steps_free(&steps);
	fill(&steps, STEPS({0, GAP}));
	steps_close_gaps(&steps, 15);
	assert_int_equal(steps.n, 0);
	steps_free(&steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adding),
	    cmocka_unit_test(overlay),
	    cmocka_unit_test(closing_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

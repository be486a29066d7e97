// SPDX-License-Identifier: GPL-2.0-or-later
/* Which stacks are judged, by which limits, and how fast they grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/judge.h"
#include "analyze/limits.h"
#include "analyze/rates.h"
#include "unit/check_fixture.h"

/* Stacks of 100, 200, … bytes in 1, 2, … blocks. */
static struct snapshot *sample(size_t n)
{
	struct snapshot *snapshot = sample_new(1, n, 1);

	for (size_t i = 0; i < n; i++) {
		sample_usage(&snapshot->stacks[i], i + 1, 100);
		sample_addresses(&snapshot->stacks[i], 0x1000 * (i + 1), 2);
	}
	return snapshot;
}

static void kinds(void **state)
{
	static const bool both[CHECK_KIND_COUNT] = {[CHECK_DEFINITE] = true, [CHECK_INDIRECT] = true};
	static const bool growing_first[CHECK_KIND_COUNT] = {[CHECK_GROWING] = true, [CHECK_OUTSTANDING] = true};
	static const enum leak_class classes[] = {LEAK_REACHABLE, LEAK_INDIRECT, LEAK_UNJUDGED, LEAK_DEFINITE,
	                                          LEAK_POSSIBLE};
	static const double rates[] = {0, 10, -5};
	struct snapshot *snapshot = sample(5);

	(void)state;
	for (size_t i = 0; i < 5; i++)
		snapshot->stacks[i].leak = classes[i];
	assert_int_equal(judge_choose(snapshot, both, NULL), 0);
	assert_int_equal(snapshot->judgement->n_stacks, 2);
	assert_int_equal(snapshot->n_stacks_shown, 2);
	assert_int_equal(snapshot->stacks[0].leak, LEAK_DEFINITE);
	assert_int_equal(snapshot->judgement->stacks[0].kind, CHECK_DEFINITE);
	assert_int_equal(snapshot->judgement->stacks[1].kind, CHECK_INDIRECT);
	assert_int_equal(snapshot->judgement->bytes, 600);
	assert_int_equal(snapshot->judgement->blocks, 6);
	snapshot_free(snapshot);

	snapshot = sample(3);
	snapshot->stacks[2].usage.live_blocks = 0;
	snapshot->stacks[2].usage.live_bytes = 0;
	assert_int_equal(judge_choose(snapshot, growing_first, rates), 0);
	assert_int_equal(snapshot->judgement->n_stacks, 2);
	assert_int_equal(snapshot->judgement->stacks[0].kind, CHECK_GROWING);
	assert_true(snapshot->judgement->stacks[0].growth_bytes_per_s == 10);
	assert_int_equal(snapshot->judgement->stacks[1].kind, CHECK_OUTSTANDING);
	snapshot_free(snapshot);
}

static size_t count(const struct judgement *judgement, enum check_rule rule)
{
	size_t n = 0;

	for (size_t i = 0; i < judgement->n_findings; i++)
		n += judgement->findings[i].rule == rule;
	return n;
}

/* At the limit is not over it. */
static void limits(void **state)
{
	struct limits limits = {0};
	struct snapshot *snapshot = sample(4); /* 1000 bytes in 10 blocks */

	(void)state;
	limits.rules[RULE_LEAK_BYTES].given = limits.rules[RULE_LEAK_COUNT].given = true;
	limits.rules[RULE_STACK_BYTES].given = true;
	limits.rules[RULE_LEAK_BYTES].limit = 1000;
	limits.rules[RULE_LEAK_COUNT].limit = 9;
	limits.rules[RULE_STACK_BYTES].limit = 200;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	assert_int_equal(limits_apply(&limits, false, snapshot), 0);
	assert_int_equal(count(snapshot->judgement, RULE_LEAK_BYTES), 0);
	assert_int_equal(count(snapshot->judgement, RULE_LEAK_COUNT), 1);
	assert_int_equal(count(snapshot->judgement, RULE_STACK_BYTES), 2);
	assert_int_equal(count(snapshot->judgement, RULE_NO_LEAK), 0);
	assert_true(snapshot->judgement->findings[0].value == 10);
	assert_true(snapshot->judgement->findings[0].stack == FINDING_OF_ALL);
	assert_int_equal(judgement_outcome(snapshot->judgement), CHECK_FAILED);
	snapshot_free(snapshot);
}

/* One block is one too many, also one of no bytes. */
static void any_block(void **state)
{
	struct limits none = {0};
	struct snapshot *snapshot = sample(1);

	(void)state;
	snapshot->stacks[0].usage.live_bytes = 0;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	assert_int_equal(limits_apply(&none, true, snapshot), 0);
	assert_int_equal(count(snapshot->judgement, RULE_NO_LEAK), 1);
	snapshot_free(snapshot);

	snapshot = sample(0);
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	assert_int_equal(limits_apply(&none, true, snapshot), 0);
	assert_int_equal(judgement_outcome(snapshot->judgement), CHECK_PASSED);
	snapshot->judgement->doubts[DOUBT_LOSS] = true;
	assert_int_equal(judgement_outcome(snapshot->judgement), CHECK_UNDECIDED);
	snapshot_free(snapshot);
}

/* What something was found of is shown, and before what is only shown to fill up. */
static void shown(void **state)
{
	struct snapshot *snapshot = sample(5);

	(void)state;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	assert_int_equal(judge_find(snapshot->judgement, RULE_NEW_STACK, 3, 1), 0);
	assert_int_equal(judge_find(snapshot->judgement, RULE_LEAK_BYTES, FINDING_OF_ALL, 1), 0);
	assert_int_equal(judge_find(snapshot->judgement, RULE_NEW_STACK, 4, 1), 0);
	assert_int_equal(judge_find(snapshot->judgement, RULE_STACK_BYTES, 3, 1), 0);
	assert_int_equal(judge_show(snapshot, 3), 0);
	assert_int_equal(snapshot->n_stacks_shown, 3);
	assert_int_equal(snapshot->stacks[0].usage.live_bytes, 200);
	assert_int_equal(snapshot->stacks[1].usage.live_bytes, 100);
	assert_int_equal(snapshot->stacks[2].usage.live_bytes, 500);
	assert_int_equal(snapshot->judgement->findings[0].stack, 0);
	assert_int_equal(snapshot->judgement->findings[0].rule, RULE_STACK_BYTES);
	assert_int_equal(snapshot->judgement->findings[1].stack, 0);
	assert_int_equal(snapshot->judgement->findings[2].stack, 1);
	assert_true(snapshot->judgement->findings[3].stack == FINDING_OF_ALL);
	assert_int_equal(judge_show(snapshot, 1), 0);
	assert_int_equal(snapshot->n_stacks_shown, 2);
	assert_int_equal(judge_show(snapshot, 0), 0);
	assert_int_equal(snapshot->n_stacks_shown, 5);
	snapshot_free(snapshot);
}

/* The least of all rounds, by stack, whatever the order of the stacks and their classes. */
static void rates(void **state)
{
	static const uint64_t bytes[3][2] = {{100, 0}, {300, 1000}, {400, 1000}};
	struct snapshot *rounds[3];
	struct snapshot *now = sample_new(1, 3, 1);
	double measured[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		rounds[i] = sample_new(1, 2, 1);
		rounds[i]->elapsed_ns = (i + 1) * 2000000000ULL;
		for (size_t j = 0; j < 2; j++) {
			sample_addresses(&rounds[i]->stacks[j], 0x1000 * (j + 1), 2);
			rounds[i]->stacks[j].usage.live_bytes = bytes[i][j];
		}
	}
	for (size_t j = 0; j < 3; j++)
		sample_addresses(&now->stacks[j], 0x1000 * (3 - j), 2);
	now->stacks[2].leak = LEAK_DEFINITE;
	assert_int_equal(rates_measure(rounds, 3, now, measured), 0);
	assert_true(measured[2] == 50);
	assert_true(measured[1] == 0);
	assert_true(measured[0] == 0);
	assert_int_equal(rates_measure(rounds, 2, now, measured), 0);
	assert_true(measured[2] == 100);
	assert_true(measured[1] == 500);
	assert_int_equal(rates_measure(rounds, 1, now, measured), 0);
	assert_true(measured[2] == 0);
	for (size_t i = 0; i < 3; i++)
		snapshot_free(rounds[i]);
	snapshot_free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds), cmocka_unit_test(limits), cmocka_unit_test(any_block),
	    cmocka_unit_test(shown), cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

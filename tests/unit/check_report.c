// SPDX-License-Identifier: GPL-2.0-or-later
/* What memtrace check reports, in all its forms: tests/golden/check-*. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/aggregate.h"
#include "analyze/judge.h"
#include "unit/check_fixture.h"
#include "unit/golden.h"

static void check_forms(const char *name, struct snapshot *snapshot)
{
	static const struct {
		const struct renderer *renderer;
		const char *extension;
	} forms[] = {
	    {&text_renderer, "txt"},    {&json_renderer, "json"},     {&junit_renderer, "xml"},
	    {&sarif_renderer, "sarif"}, {&github_renderer, "github"}, {&suppressions_renderer, "supp"},
	};
	const struct render_options options = {.utc = true, .top = 10};

	snapshot->command = "check";
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *text = golden_render(forms[i].renderer, snapshot, &options);

		golden_compare("check", name, forms[i].extension, text);
		free(text);
	}
	snapshot_free(snapshot);
}

/* Stacks of 1000, 990, … bytes. */
static struct snapshot *sample(size_t n)
{
	struct snapshot *snapshot = sample_new(1, n, 1);

	for (size_t i = 0; i < n; i++)
		sample_usage(&snapshot->stacks[i], 10, 100 - i);
	aggregate_sum(snapshot);
	return snapshot;
}

static void find(struct snapshot *snapshot, enum check_rule rule, size_t stack, double value, double limit)
{
	snapshot->judgement->rules[rule].applied = true;
	snapshot->judgement->rules[rule].limit = limit;
	assert_int_equal(judge_find(snapshot->judgement, rule, stack, value), 0);
}

static void passed(void **state)
{
	struct snapshot *snapshot = sample(0);

	(void)state;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	snapshot->judgement->rules[RULE_NO_LEAK].applied = true;
	check_forms("passed", snapshot);
}

static void everything(void **state)
{
	struct snapshot *snapshot = sample(3);
	struct judgement *judgement;

	(void)state;
	CHECK_FRAMES(&snapshot->stacks[0], {NULL, "libx.so.1"}, {"~parse(char const*)", "app"}, {"main", "app"});
	CHECK_FRAMES(&snapshot->stacks[1], {"load", "app"}, {"main", "app"});
	CHECK_FRAMES(&snapshot->stacks[2], {"known", "app"}, {"main", "app"});
	snapshot->stacks[0].leak = LEAK_DEFINITE;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	judgement = snapshot->judgement;
	judgement->stacks[0].kind = CHECK_DEFINITE;
	judgement->stacks[1].growth_bytes_per_s = 1234;
	judgement->stacks[1].known = judgement->stacks[2].known = true;
	judgement->stacks[1].known_bytes = 500;
	judgement->stacks[2].known_bytes = 980;
	judgement->has_baseline = true;
	judgement->gone_stacks = 4;
	judgement->kinds[CHECK_DEFINITE] = true;
	judgement->suppressed_bytes = 77;
	judgement->suppressed_blocks = 7;
	judgement->uses = calloc(3, sizeof(*judgement->uses));
	judgement->n_uses = 3;
	judgement->uses[0] = (struct suppression_use){strdup("leak:^x$"), strdup("a.supp:3"), NULL, 70, 6, 1};
	judgement->uses[1] = (struct suppression_use){strdup("leak:y"), strdup("a.supp:4"), NULL, 0, 0, 0};
	judgement->uses[2] = (struct suppression_use){strdup("stdio buffers"), strdup("built in"), "why", 7, 1, 1};
	find(snapshot, RULE_LEAK_BYTES, FINDING_OF_ALL, 2970, 1024);
	find(snapshot, RULE_LEAK_COUNT, FINDING_OF_ALL, 30, 20);
	find(snapshot, RULE_STACK_BYTES, 0, 1000, 995);
	find(snapshot, RULE_GROWTH, 1, 1234, 512);
	find(snapshot, RULE_NEW_STACK, 0, 1000, 0);
	find(snapshot, RULE_REGRESSION, 1, 98, 10);
	judgement->doubts[DOUBT_CHILDREN] = true;
	snapshot->untraced_children = 2;
	assert_int_equal(judge_show(snapshot, 10), 0);
	check_forms("everything", snapshot);
}

static void undecided(void **state)
{
	struct snapshot *snapshot = sample(0);

	(void)state;
	snapshot->lost[LOSS_MISSED_FREES] = 3;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	snapshot->judgement->rules[RULE_NO_LEAK].applied = true;
	for (int i = 0; i < DOUBT_COUNT; i++)
		snapshot->judgement->doubts[i] = true;
	check_forms("undecided", snapshot);
}

/* Names may hold anything; no form may be broken by them. */
static void hostile(void **state)
{
	struct snapshot *snapshot = sample(2);

	(void)state;
	CHECK_FRAMES(&snapshot->stacks[0], {"a\nb\r\t\x1b[31m", "]]>\xff\xfe"}, {"%0A::error::x,y:z", "\"<&>'\x01"},
	             {"\xef\xbf\xbe\xed\xa0\x80\xe2\x80\xae", "\\ %25"}, {" blanks ", " "}, {"", ""});
	snapshot->stacks[0].frames[0].file = "src/%41:,\n<\"&>]]>.c";
	snapshot->stacks[0].frames[1].file = "/abs olute/\xc3\xbc?#[x].c";
	CHECK_FRAMES(&snapshot->stacks[1], {"f", "app"});
	snapshot->stacks[1].frames[0].file = "/usr/src/\xff\n.c";
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	find(snapshot, RULE_NO_LEAK, 0, 1000, 0);
	find(snapshot, RULE_NO_LEAK, 1, 990, 0);
	snapshot->judgement->uses = calloc(1, sizeof(*snapshot->judgement->uses));
	snapshot->judgement->n_uses = 1;
	snapshot->judgement->uses[0] =
	    (struct suppression_use){strdup("leak:\x1b[2J\xff"), strdup("a\nb:1"), NULL, 0, 0, 0};
	assert_int_equal(judge_show(snapshot, 10), 0);
	check_forms("hostile", snapshot);
}

/* Neither frames nor figures that fit elsewhere. */
static void enormous(void **state)
{
	struct snapshot *snapshot = sample(1);

	(void)state;
	snapshot->stacks[0].usage.live_bytes = snapshot->stacks[0].usage.live_blocks = UINT64_MAX;
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	find(snapshot, RULE_LEAK_BYTES, FINDING_OF_ALL, (double)UINT64_MAX, (double)INT64_MAX);
	find(snapshot, RULE_NO_LEAK, 0, (double)UINT64_MAX, 0);
	assert_int_equal(judge_show(snapshot, 10), 0);
	check_forms("enormous", snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passed),  cmocka_unit_test(everything), cmocka_unit_test(undecided),
	    cmocka_unit_test(hostile), cmocka_unit_test(enormous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

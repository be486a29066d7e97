// SPDX-License-Identifier: GPL-2.0-or-later
/* Baselines: what they keep of a stack, what differs from them, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/baseline.h"
#include "analyze/judge.h"
#include "unit/check_fixture.h"

static const struct baseline_rules usual = {.new_stack = true, .growth = true, .growth_percent = 10};

/* Two stacks: of the first 100 bytes a block, of the second 10. */
static struct snapshot *sample(uint64_t first, uint64_t second, uint64_t moved_by)
{
	struct snapshot *snapshot = sample_new(1, 2, 1);

	sample_usage(&snapshot->stacks[0], first, 100);
	sample_usage(&snapshot->stacks[1], second, 10);
	CHECK_FRAMES(&snapshot->stacks[0], {"~parse(char const*)", "app"}, {"main", "app"}, {NULL, "libx.so.1"});
	CHECK_FRAMES(&snapshot->stacks[1], {"load", "app"}, {"main", "app"});
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < snapshot->stacks[i].n_frames; j++) {
			snapshot->stacks[i].frames[j].address += moved_by;
			snapshot->stacks[i].frames[j].line += (unsigned int)moved_by;
			snapshot->stacks[i].frames[j].offset += moved_by;
		}
	}
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	return snapshot;
}

static char *written(const struct baseline *baseline)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(baseline_write(out, baseline), 0);
	fclose(out);
	return text;
}

static struct baseline *of(struct snapshot *snapshot)
{
	struct baseline *baseline = baseline_new();

	assert_int_equal(baseline_update(baseline, &usual, snapshot), 0);
	snapshot_free(snapshot);
	return baseline;
}

static struct baseline *parsed(const char *text)
{
	struct baseline *baseline;
	char error[512] = "";

	if (baseline_parse("leaks.json", text, strlen(text), &baseline, error, sizeof(error)))
		fail_msg("%s", error);
	return baseline;
}

static const char *const expected = "{\n"
                                    "  \"schema\": \"memtrace-baseline/1\",\n"
                                    "  \"stacks\": [\n"
                                    "    {\n"
                                    "      \"kind\": \"outstanding\",\n"
                                    "      \"bytes\": 20,\n"
                                    "      \"blocks\": 2,\n"
                                    "      \"frames\": [\n"
                                    "        \"load [app]\",\n"
                                    "        \"main [app]\"\n"
                                    "      ]\n"
                                    "    },\n"
                                    "    {\n"
                                    "      \"kind\": \"outstanding\",\n"
                                    "      \"bytes\": 500,\n"
                                    "      \"blocks\": 5,\n"
                                    "      \"frames\": [\n"
                                    "        \"parse(char const*) (inlined) [app]\",\n"
                                    "        \"main [app]\",\n"
                                    "        \"? [libx.so.1]\"\n"
                                    "      ]\n"
                                    "    }\n"
                                    "  ]\n"
                                    "}\n";

static void as_written(void **state)
{
	struct baseline *baseline = of(sample(5, 2, 0)), *again;
	char *text = written(baseline), *second;

	(void)state;
	assert_string_equal(text, expected);
	again = parsed(text);
	second = written(again);
	assert_string_equal(second, expected);
	free(text);
	free(second);
	baseline_free(baseline);
	baseline_free(again);
}

static size_t compare(const struct baseline *baseline, struct snapshot *snapshot, struct check_finding *finding)
{
	size_t n;

	assert_int_equal(baseline_compare(baseline, &usual, snapshot), 0);
	n = snapshot->judgement->n_findings;
	if (n)
		*finding = snapshot->judgement->findings[0];
	snapshot_free(snapshot);
	return n;
}

/* After a rebuild all addresses, offsets and lines are others. */
static void rebuilt(void **state)
{
	struct baseline *baseline = parsed(expected);
	struct snapshot *snapshot = sample(5, 2, 4096);

	(void)state;
	assert_int_equal(baseline_compare(baseline, &usual, snapshot), 0);
	assert_int_equal(snapshot->judgement->n_findings, 0);
	assert_true(snapshot->judgement->stacks[0].known);
	assert_int_equal(snapshot->judgement->stacks[0].known_bytes, 500);
	assert_int_equal(snapshot->judgement->gone_stacks, 0);
	snapshot_free(snapshot);
	baseline_free(baseline);
}

static void differences(void **state)
{
	struct baseline *baseline = parsed(expected), *empty = baseline_new();
	struct check_finding finding;
	struct snapshot *snapshot = sample(5, 2, 0);

	(void)state;
	assert_int_equal(compare(baseline, sample(4, 1, 0), &finding), 0);
	assert_int_equal(compare(baseline, sample(6, 2, 0), &finding), 1);
	assert_int_equal(finding.rule, RULE_REGRESSION);
	assert_int_equal(finding.stack, 0);
	assert_true(finding.value == 20);
	assert_int_equal(compare(empty, sample(6, 2, 0), &finding), 2);
	assert_int_equal(finding.rule, RULE_NEW_STACK);
	/* One more function in between is another stack. */
	snapshot->stacks[0].frames[1].function = "other";
	assert_int_equal(compare(baseline, snapshot, &finding), 1);
	assert_int_equal(finding.rule, RULE_NEW_STACK);
	/* So is another kind. */
	snapshot = sample(5, 2, 0);
	snapshot->judgement->stacks[0].kind = CHECK_DEFINITE;
	assert_int_equal(compare(baseline, snapshot, &finding), 1);
	/* What is gone is told, and no finding. */
	snapshot = sample(5, 0, 0);
	assert_int_equal(baseline_compare(baseline, &usual, snapshot), 0);
	assert_int_equal(snapshot->judgement->gone_stacks, 1);
	assert_int_equal(snapshot->judgement->n_findings, 0);
	snapshot_free(snapshot);
	baseline_free(baseline);
	baseline_free(empty);
}

/* Stacks that differ only in what a rebuild changes are one, and their sum is what counts. */
static void same_key(void **state)
{
	struct snapshot *snapshot = sample_new(2, 2, 1);
	struct baseline *baseline;
	char *text;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sample_usage(&snapshot->stacks[i], 1, 100);
		CHECK_FRAMES(&snapshot->stacks[i], {"f", "app"});
		snapshot->stacks[i].addresses[0] += i;
		snapshot->stacks[i].process = i;
	}
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	baseline = of(snapshot);
	text = written(baseline);
	assert_non_null(strstr(text, "\"bytes\": 200"));
	assert_null(strstr(strstr(text, "\"bytes\"") + 1, "\"bytes\""));
	free(text);
	baseline_free(baseline);
}

/* Noise leaves a baseline as it is; what has really changed is changed in it. */
static void update(void **state)
{
	struct baseline *baseline = parsed(expected);
	struct snapshot *snapshot = sample(5, 3, 100);
	char *text;

	(void)state;
	snapshot->stacks[0].usage.live_bytes = 530;
	assert_int_equal(baseline_update(baseline, &usual, snapshot), 0);
	text = written(baseline);
	assert_non_null(strstr(text, "\"bytes\": 500"));
	assert_non_null(strstr(text, "\"bytes\": 30"));
	free(text);
	snapshot_free(snapshot);
	snapshot = sample(2, 0, 0);
	assert_int_equal(baseline_update(baseline, &usual, snapshot), 0);
	text = written(baseline);
	assert_non_null(strstr(text, "\"bytes\": 200"));
	assert_null(strstr(text, "load"));
	free(text);
	snapshot_free(snapshot);
	baseline_free(baseline);
}

/* Names are whatever a file says. */
static void hostile_names(void **state)
{
	struct snapshot *snapshot = sample_new(1, 1, 1);
	struct check_finding finding;
	struct baseline *baseline, *again;
	char *text;

	(void)state;
	sample_usage(&snapshot->stacks[0], 1, 100);
	CHECK_FRAMES(&snapshot->stacks[0], {"a\nb\"\\\xff", "x\n[y]"}, {"", ""});
	assert_int_equal(judge_choose(snapshot, check_outstanding, NULL), 0);
	baseline = baseline_new();
	assert_int_equal(baseline_update(baseline, &usual, snapshot), 0);
	text = written(baseline);
	again = parsed(text);
	assert_int_equal(compare(again, snapshot, &finding), 0);
	free(text);
	baseline_free(baseline);
	baseline_free(again);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"", "is no baseline, or damaged"},
	    {"{", "is no baseline, or damaged"},
	    {"[]", "is no baseline"},
	    {"{}", "is no baseline of memtrace check"},
	    {"{\"schema\": 1}", "is no baseline of memtrace check"},
	    {"{\"schema\": \"memtrace-report/1\"}", "is no baseline of memtrace check"},
	    {"{\"schema\": \"memtrace-baseline/2\"}", "of another memtrace (memtrace-baseline/2)"},
	    {"{\"schema\": \"memtrace-baseline/1\"}", "no list of stacks"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": {}}", "no list of stacks"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [1]}", "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [], \"stacks\": []}", "damaged"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"bad\", \"bytes\": 1, \"blocks\": 1, "
	     "\"frames\": []}]}",
	     "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"definite\", \"bytes\": -1, \"blocks\": "
	     "1, "
	     "\"frames\": []}]}",
	     "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"definite\", \"bytes\": 1, \"blocks\": "
	     "1.5, "
	     "\"frames\": []}]}",
	     "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"definite\", \"bytes\": 1, \"blocks\": 1, "
	     "\"frames\": [2]}]}",
	     "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"definite\", \"bytes\": 1, \"blocks\": 1, "
	     "\"frames\": [\"a\\nb\"]}]}",
	     "stack 1 has no kind"},
	    {"{\"schema\": \"memtrace-baseline/1\", \"stacks\": [{\"kind\": \"definite\", \"bytes\": 1, \"blocks\": 1, "
	     "\"frames\": [\"a\"]}, {\"kind\": \"definite\", \"bytes\": 2, \"blocks\": 1, \"frames\": [\"a\"]}]}",
	     "twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct baseline *baseline;
		char error[512] = "";
		int code =
		    baseline_parse("leaks.json", rows[i].text, strlen(rows[i].text), &baseline, error, sizeof(error));

		if (code != -EINVAL || baseline || strncmp(error, "leaks.json ", 11) != 0 || strchr(error, '\n') ||
		    !strstr(error, rows[i].words))
			fail_msg("%s: %d %s", rows[i].text, code, error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_written), cmocka_unit_test(rebuilt), cmocka_unit_test(differences),
	    cmocka_unit_test(same_key),   cmocka_unit_test(update),  cmocka_unit_test(hostile_names),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing snapshots, and reports of it against tests/golden/diff-NAME.*. Run from the top folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/aggregate.h"
#include "analyze/compare.h"
#include "unit/golden.h"
#include "unit/sample_snapshot.h"

/* A stack below main of a function, and of one more within it. */
static void name(struct stack *stack, const char *function, const char *inner, unsigned int line)
{
	struct frame *frames = calloc(3, sizeof(*frames));

	assert_non_null(frames);
	frames[0] = (struct frame){.address = 0x1000 + line,
	                           .module = "app",
	                           .function = inner,
	                           .file = "app.c",
	                           .line = line,
	                           .inlined = true};
	frames[1] = (struct frame){.address = 0x1000 + line,
	                           .offset = line,
	                           .has_offset = true,
	                           .module = "app",
	                           .build_id = "aa",
	                           .function = function,
	                           .file = "app.c",
	                           .line = line + 1};
	frames[2] = (struct frame){.address = 0x2000, .module = "app", .function = "main"};
	stack->frames = frames;
	stack->n_frames = 3;
	sample_addresses(stack, 0x1000 + line, 2);
}

/* Functions a to e; `later`: another build, in which a has grown, b shrunk, c gone, d come, and e stayed. */
static struct snapshot *make(bool later)
{
	struct snapshot *snapshot = sample_new(later ? 2 : 1, later ? 5 : 4, 1);
	struct stack *stacks = snapshot->stacks;
	unsigned int line = later ? 50 : 10;

	for (size_t i = 0; i < snapshot->n_stacks; i++)
		stacks[i].kind = KIND_HEAP;
	name(&stacks[0], "a", "inner", line);
	sample_usage(&stacks[0], later ? 7 : 2, 100);
	name(&stacks[1], "b", "inner", line + 5);
	sample_usage(&stacks[1], later ? 1 : 3, 100);
	name(&stacks[2], later ? "d" : "c", "inner", line + 9);
	sample_usage(&stacks[2], 4, later ? 50 : 1000);
	name(&stacks[3], "e", "inner", line + 20);
	sample_usage(&stacks[3], 5, 5);
	if (later) {
		/* Of another process, and a mapping: the first is one with a's, the other is not. */
		stacks[4].process = 1;
		name(&stacks[4], "a", "inner", line);
		sample_usage(&stacks[4], 1, 11);
		snapshot->time_unix_ns += 3600000000000;
		snapshot->elapsed_ns += 3600000000000;
		snapshot->lost[LOSS_EVENTS] = 3;
	}
	aggregate_sum(snapshot);
	return snapshot;
}

/* In all forms that there are. */
static void check_golden(const char *file, const struct comparison *comparison)
{
	const struct render_options options = {.utc = true, .top = 10}, all = {.utc = true};

	for (size_t i = 0; i < sizeof(golden_forms) / sizeof(golden_forms[0]); i++) {
		const struct renderer *renderer = golden_forms[i].renderer;
		const struct render_options *wanted = renderer->whole ? &all : &options;
		char *text = NULL;
		size_t size;
		FILE *out;

		if (!renderer->comparison)
			continue;
		out = open_memstream(&text, &size);
		if (renderer == &html_renderer)
			assert_int_equal(html_data_write_comparison(out, comparison, wanted), 0);
		else
			assert_int_equal(renderer->comparison(out, comparison, wanted), 0);
		fclose(out);
		golden_compare("diff", file, golden_forms[i].extension, text);
		free(text);
	}
}

static void compare(const struct snapshot *before, const struct snapshot *after, enum select_key key, size_t top,
                    struct comparison **comparison)
{
	assert_int_equal(compare_snapshots(before, after, key, top, comparison), 0);
	(*comparison)->before_name = "old.memtrace";
	(*comparison)->after_name = "new\033[31m.memtrace";
}

static void across_builds(void **state)
{
	static const struct {
		const char *function;
		enum change change;
		int64_t bytes;
	} expected[] = {
	    {"c", CHANGE_GONE, -4000}, {"a", CHANGE_MORE, 511}, {"d", CHANGE_NEW, 200},
	    {"b", CHANGE_LESS, -200},  {"e", CHANGE_NONE, 0},
	};
	struct snapshot *before = make(false), *after = make(true);
	struct comparison *comparison;

	(void)state;
	compare(before, after, SELECT_BYTES, 0, &comparison);
	assert_int_equal(comparison->n_rows, 5);
	assert_int_equal(comparison->n_shown, 4);
	for (size_t i = 0; i < 5; i++) {
		const struct compared *row = &comparison->rows[i];

		assert_string_equal(row->stack->frames[1].function, expected[i].function);
		assert_int_equal(row->change, expected[i].change);
		assert_int_equal(row->after.live_bytes - row->before.live_bytes, expected[i].bytes);
	}
	/* Lines of the later build are shown where both have the stack. */
	assert_ptr_equal(comparison->rows[1].snapshot, after);
	assert_ptr_equal(comparison->rows[0].snapshot, before);
	check_golden("builds", comparison);
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

static void by_count_and_top(void **state)
{
	struct snapshot *before = make(false), *after = make(true);
	struct comparison *comparison;

	(void)state;
	compare(before, after, SELECT_COUNT, 2, &comparison);
	assert_int_equal(comparison->n_shown, 2);
	assert_string_equal(comparison->rows[0].stack->frames[1].function, "a"); /* +6 */
	assert_string_equal(comparison->rows[1].stack->frames[1].function, "d"); /* +4 before -4 */
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

/* A kind of its own is a stack of its own. */
static void kinds_are_told_apart(void **state)
{
	struct snapshot *before = make(false), *after = make(true);
	struct comparison *comparison;

	(void)state;
	after->stacks[0].kind = KIND_MMAP;
	compare(before, after, SELECT_BYTES, 0, &comparison);
	assert_int_equal(comparison->n_rows, 6);
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

static void with_itself(void **state)
{
	struct snapshot *before = make(true), *after = make(true);
	struct comparison *comparison;

	(void)state;
	compare(before, after, SELECT_BYTES, 0, &comparison);
	assert_int_equal(comparison->n_shown, 0);
	check_golden("same", comparison);
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

static void of_nothing(void **state)
{
	struct snapshot *before = sample_new(1, 0, 1), *after = sample_new(1, 0, 1);
	struct comparison *comparison;

	(void)state;
	compare(before, after, SELECT_BYTES, 0, &comparison);
	check_golden("empty", comparison);
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

/* What would end a line, a cell, a string, a script, or be a formula, a comment, a terminal's order. */
static const char *const hostile_names[] = {
    "=HYPERLINK(\"x\")", "a;b\"c,d\r\ne", "</script><b>&'", "#\x1b[31m", "\xff\xc0 99 1", "\u2028\u202e\\",
};

#define N_HOSTILE (sizeof(hostile_names) / sizeof(hostile_names[0]))

static struct snapshot *make_hostile(uint64_t bytes)
{
	struct snapshot *snapshot = sample_new(1, N_HOSTILE + 1, 1);
	char *template = NULL;
	size_t size;
	FILE *out = open_memstream(&template, &size);

	fputs("map<", out);
	for (int i = 0; i < 1000; i++)
		fprintf(out, "list<T%04d>,", i);
	fputs("end>", out);
	fclose(out);
	for (size_t i = 0; i < N_HOSTILE; i++) {
		name(&snapshot->stacks[i], hostile_names[i], hostile_names[(i + 1) % N_HOSTILE],
		     10 * (unsigned int)i + 1);
		snapshot->stacks[i].frames[1].module = hostile_names[i];
		snapshot->stacks[i].frames[2].file = hostile_names[i];
		sample_usage(&snapshot->stacks[i], 1 + i, bytes + i);
	}
	name(&snapshot->stacks[N_HOSTILE], "long", "inner", 99);
	/* A stack owns no names: the symbolizer does, and here the text after its frames. */
	snapshot->stacks[N_HOSTILE].frames =
	    realloc(snapshot->stacks[N_HOSTILE].frames, 3 * sizeof(struct frame) + size + 1);
	assert_non_null(snapshot->stacks[N_HOSTILE].frames);
	snapshot->stacks[N_HOSTILE].frames[1].function =
	    strcpy((char *)(snapshot->stacks[N_HOSTILE].frames + 3), template);
	free(template);
	sample_usage(&snapshot->stacks[N_HOSTILE], 2, bytes);
	aggregate_sum(snapshot);
	return snapshot;
}

static void hostile(void **state)
{
	struct snapshot *before = make_hostile(100), *after = make_hostile(200);
	struct comparison *comparison;

	(void)state;
	compare(before, after, SELECT_BYTES, 0, &comparison);
	comparison->before_name = "</script>\"\n=old";
	check_golden("hostile", comparison);
	comparison_free(comparison);
	snapshot_free(before);
	snapshot_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(across_builds), cmocka_unit_test(by_count_and_top), cmocka_unit_test(kinds_are_told_apart),
	    cmocka_unit_test(with_itself),   cmocka_unit_test(of_nothing),       cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

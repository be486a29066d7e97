// SPDX-License-Identifier: GPL-2.0-or-later
/* What flame graphs are drawn from, and the data of --format html; the forms themselves are in report.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/aggregate.h"
#include "report/call_tree.h"
#include "report/flame_layout.h"
#include "report/script_json.h"
#include "report/xml.h"
#include "unit/golden_drawn.h"
#include "unit/sample_snapshot.h"

#define LONG_NAME 10000

static void set_functions(struct stack *stack, const char *const *functions, size_t n)
{
	stack->frames = calloc(n, sizeof(*stack->frames));
	assert_non_null(stack->frames);
	stack->n_frames = n;
	sample_addresses(stack, 0x1000, n);
	for (size_t i = 0; i < n; i++)
		stack->frames[i] = (struct frame){.address = stack->addresses[i],
		                                  .function = functions[i],
		                                  .module = "app",
		                                  .line = (unsigned int)i + 1};
}

/* main calls f and g; f is there by two stacks, of which one goes further. */
static struct snapshot *make_three(void)
{
	static const char *const short_one[] = {"f", "main"}, *const long_one[] = {"h", "f", "main"},
	                         *const other[] = {"g", "main"};
	struct snapshot *snapshot = sample_new(1, 3, 1);

	set_functions(&snapshot->stacks[0], short_one, 2);
	set_functions(&snapshot->stacks[1], long_one, 3);
	set_functions(&snapshot->stacks[2], other, 2);
	sample_usage(&snapshot->stacks[0], 1, 100);
	sample_usage(&snapshot->stacks[1], 2, 100);
	sample_usage(&snapshot->stacks[2], 1, 500);
	snapshot->stacks[1].frames[1].line = 99;
	aggregate_sum(snapshot);
	snapshot->n_stacks_shown = 3;
	return snapshot;
}

static const char *function_of(const struct call_tree *tree, size_t node)
{
	return call_tree_string(tree, call_tree_frame(tree, call_tree_node(tree, node).frame).function);
}

static void joins_stacks_by_function_or_line(void **state)
{
	struct snapshot *snapshot = make_three();
	struct call_tree by_function = {0}, by_line = {0};

	(void)state;
	assert_int_equal(call_tree_build(&by_function, snapshot, TREE_FUNCTIONS), 0);
	assert_int_equal(intern_count(by_function.nodes), 4);
	assert_string_equal(function_of(&by_function, 0), "main");
	assert_int_equal(call_tree_node(&by_function, 0).parent, CALL_TREE_NONE);
	assert_int_equal(call_tree_node(&by_function, by_function.leaves[1]).parent, by_function.leaves[0]);
	/* Each frame has a line of its own here: 2 and 3 of main, 1 and 99 of f. */
	assert_int_equal(call_tree_build(&by_line, snapshot, TREE_LINES), 0);
	assert_int_equal(intern_count(by_line.nodes), 6);
	call_tree_clear(&by_function);
	call_tree_clear(&by_line);
	snapshot_free(snapshot);
}

static void lays_boxes_side_by_side(void **state)
{
	static const struct {
		const char *function;
		uint64_t value, blocks;
		unsigned int depth;
		double x, width;
	} expected[] = {
	    {"main", 800, 4, 0, 0, 1},
	    {"g", 500, 1, 1, 0, 0.625},
	    {"f", 300, 3, 1, 0.625, 0.375},
	    {"h", 200, 2, 2, 0.625, 0.25},
	};
	struct snapshot *snapshot = make_three();
	struct flame_layout layout = {0};
	struct call_tree tree = {0};

	(void)state;
	assert_int_equal(call_tree_build(&tree, snapshot, TREE_FUNCTIONS), 0);
	assert_int_equal(flame_layout_make(&layout, &tree, snapshot, VIEW_LIVE), 0);
	assert_int_equal(layout.n_boxes, 4);
	assert_int_equal(layout.value, 800);
	for (size_t i = 0; i < 4; i++) {
		const struct flame_box *box = &layout.boxes[i];

		assert_string_equal(function_of(&tree, box->node), expected[i].function);
		assert_int_equal(box->value, expected[i].value);
		assert_int_equal(box->blocks, expected[i].blocks);
		assert_int_equal(box->depth, expected[i].depth);
		assert_true(fabs(box->x - expected[i].x) < 1e-9 && fabs(box->width - expected[i].width) < 1e-9);
	}
	flame_layout_clear(&layout);
	call_tree_clear(&tree);
	snapshot_free(snapshot);
}

static void leaves_out_what_has_no_value(void **state)
{
	struct snapshot *snapshot = make_three();
	struct flame_layout layout = {0};
	struct call_tree tree = {0};

	(void)state;
	snapshot->stacks[1].usage.live_bytes = 0;
	assert_int_equal(call_tree_build(&tree, snapshot, TREE_FUNCTIONS), 0);
	assert_int_equal(flame_layout_make(&layout, &tree, snapshot, VIEW_LIVE), 0);
	assert_int_equal(layout.n_boxes, 3);
	flame_layout_clear(&layout);
	/* Without a recording nothing has grown. */
	assert_int_equal(flame_layout_make(&layout, &tree, snapshot, VIEW_GROWTH), 0);
	assert_int_equal(layout.n_boxes, 0);
	flame_layout_clear(&layout);
	call_tree_clear(&tree);
	snapshot_free(snapshot);
}

static void does_not_wrap_at_enormous_sums(void **state)
{
	struct snapshot *snapshot = make_three();
	struct flame_layout layout = {0};
	struct call_tree tree = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		snapshot->stacks[i].usage.live_bytes = UINT64_MAX / 2;
	assert_int_equal(call_tree_build(&tree, snapshot, TREE_FUNCTIONS), 0);
	assert_int_equal(flame_layout_make(&layout, &tree, snapshot, VIEW_LIVE), 0);
	assert_true(layout.value == UINT64_MAX);
	for (size_t i = 0; i < layout.n_boxes; i++)
		assert_true(layout.boxes[i].width >= 0 && layout.boxes[i].width <= 1);
	flame_layout_clear(&layout);
	call_tree_clear(&tree);
	snapshot_free(snapshot);
}

static char *written(int (*write)(FILE *out, const char *text), const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(write(out, name), 0);
	fclose(out);
	return text;
}

static void check_written(int (*write)(FILE *out, const char *text), const char *name, const char *expected)
{
	char *text = written(write, name);

	assert_string_equal(text, expected);
	free(text);
}

static void names_end_no_script(void **state)
{
	static const struct {
		const char *name, *expected;
	} names[] = {
	    {"plain", "\"plain\""},
	    {"</script>", "\"\\u003c/script\\u003e\""},
	    {"<!--&'\"\\", "\"\\u003c!--\\u0026\\u0027\\\"\\\\\\\\\""},
	    {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\\\u{2028}\\\\u{2029}\""},
	    {"\x01\n\xff", "\"\\\\x01\\\\x0a\\\\xff\""},
	    {NULL, "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_written(script_json_string, names[i].name, names[i].expected);
}

static void names_end_no_element(void **state)
{
	(void)state;
	check_written(xml_write, "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;");
	check_written(xml_write, "]]>\x01\xff", "]]&gt;\\x01\\xff");
	check_written(xml_write, "\xef\xbf\xbe\xef\xbf\xbf", "\\u{fffe}\\u{ffff}");
}

/* Every byte as a name of its own, and a long one: what comes out has none of HTML's characters, and is JSON. */
static void data_is_json_whatever_names_hold(void **state)
{
	char names[256][2] = {{0}}, longest[LONG_NAME + 1];
	const char *functions[256];
	struct snapshot *snapshot = sample_new(1, 1, 1);
	json_t *value;
	char *data;

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		names[byte][0] = (char)byte;
		functions[byte] = names[byte];
	}
	for (size_t i = 0; i < LONG_NAME; i++)
		longest[i] = "std::map<K, \"v\"&>"[i % 17];
	longest[LONG_NAME] = '\0';
	functions[0] = longest;
	set_functions(&snapshot->stacks[0], functions, 256);
	sample_usage(&snapshot->stacks[0], 1, 1);
	strcpy(snapshot->processes[0].comm, "</script>");
	snapshot->n_stacks_shown = 1;
	data = drawn_data(snapshot, &(struct render_options){.utc = true});
	assert_null(strpbrk(data, "<>&'"));
	value = json_loads(data, 0, NULL);
	assert_non_null(value);
	assert_int_equal(json_array_size(json_object_get(json_object_get(value, "tree"), "parent")), 256);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(json_object_get(value, "processes"), "name"), 0)),
	    "</script>");
	json_decref(value);
	free(data);
	snapshot_free(snapshot);
}

/* The stack has i bytes at moment i, but for the last where it has none; and as many at each second one. */
static struct snapshot *make_course(size_t n_moments, size_t shown)
{
	struct snapshot *snapshot = make_three();
	struct history *history = calloc(1, sizeof(*history));

	assert_non_null(history);
	*history = (struct history){.n_moments = n_moments, .n_recorded = 7 * n_moments, .n_stacks = 3, .shown = shown};
	history->moments = calloc(n_moments, sizeof(*history->moments));
	history->usages = calloc(3 * n_moments, sizeof(*history->usages));
	assert_true(history->moments && history->usages);
	for (size_t i = 0; i < n_moments; i++) {
		uint64_t bytes = i + 1 < n_moments ? i / 2 * 2 : 0;

		history->moments[i] = (struct moment){
		    .time_unix_ns = SAMPLE_TIME_NS + i * 1000000000, .live_bytes = bytes, .complete = i != 1};
		history->usages[n_moments + i] = (struct moment_usage){.live_bytes = bytes, .live_blocks = 1};
	}
	snapshot->history = history;
	return snapshot;
}

static json_t *load_history(struct snapshot *snapshot)
{
	char *data = drawn_data(snapshot, &(struct render_options){.utc = true});
	json_t *value = json_loads(data, 0, NULL), *history;

	assert_non_null(value);
	history = json_incref(json_object_get(value, "history"));
	json_decref(value);
	free(data);
	snapshot_free(snapshot);
	return history;
}

static void check_list(const json_t *list, const json_int_t *expected, size_t n)
{
	assert_int_equal(json_array_size(list), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(json_integer_value(json_array_get(list, i)), expected[i]);
}

static void course_is_told_by_its_changes(void **state)
{
	/* moments since the last change, and the differences of bytes, blocks, bytes and calls allocated */
	static const json_int_t course[] = {0, 0, 1, 0, 0, 2, 2, 0, 0, 0, 2, 2, 0, 0, 0, 1, -4, 0, 0, 0};
	static const json_int_t complete[] = {1, 0, 1, 1, 1, 1};
	json_t *history = load_history(make_course(6, 4)), *courses = json_object_get(history, "courses");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(history, "n_recorded")), 42);
	assert_int_equal(json_integer_value(json_object_get(history, "shown")), 4);
	check_list(json_object_get(history, "complete"), complete, 6);
	assert_int_equal(json_array_size(courses), 3);
	check_list(json_array_get(courses, 0), NULL, 0);
	check_list(json_array_get(courses, 1), course, sizeof(course) / sizeof(course[0]));
	json_decref(history);
}

/* A spike and a dip of one moment each, in a course that goes up and down all the time. */
static void long_recordings_keep_what_stands_out(void **state)
{
	enum { N = 5000, SHOWN = 1234, SPIKE = 2222, DIP = 3333, DIP_BYTES = 7 };
	struct snapshot *snapshot = make_course(N, SHOWN);
	json_t *history, *times, *bytes;
	json_int_t first = SAMPLE_TIME_NS / 1000000, most = 0;
	size_t n, shown;
	bool dip = false;

	(void)state;
	snapshot->history->moments[SPIKE].live_bytes = 10 * N;
	snapshot->history->moments[DIP].live_bytes = DIP_BYTES;
	history = load_history(snapshot);
	times = json_object_get(history, "time_ms");
	bytes = json_object_get(history, "live_bytes");
	n = json_array_size(times);
	shown = (size_t)json_integer_value(json_object_get(history, "shown"));
	assert_in_range(n, 200, 243);
	assert_int_equal(json_integer_value(json_array_get(times, 0)), first);
	assert_int_equal(json_integer_value(json_array_get(times, n - 1)), first + (N - 1) * 1000);
	assert_int_equal(json_integer_value(json_array_get(times, shown)), first + SHOWN * 1000);
	for (size_t i = 0; i < n; i++) {
		if (json_integer_value(json_array_get(bytes, i)) > most)
			most = json_integer_value(json_array_get(bytes, i));
		dip |= json_integer_value(json_array_get(bytes, i)) == DIP_BYTES &&
		       json_integer_value(json_array_get(times, i)) == first + DIP * 1000;
	}
	assert_int_equal(most, 10 * N);
	assert_true(dip);
	json_decref(history);
}

static void no_history_is_null(void **state)
{
	json_t *history = load_history(make_three());

	(void)state;
	assert_true(json_is_null(history));
	json_decref(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(joins_stacks_by_function_or_line),
	    cmocka_unit_test(lays_boxes_side_by_side),
	    cmocka_unit_test(leaves_out_what_has_no_value),
	    cmocka_unit_test(does_not_wrap_at_enormous_sums),
	    cmocka_unit_test(names_end_no_script),
	    cmocka_unit_test(names_end_no_element),
	    cmocka_unit_test(data_is_json_whatever_names_hold),
	    cmocka_unit_test(course_is_told_by_its_changes),
	    cmocka_unit_test(long_recordings_keep_what_stands_out),
	    cmocka_unit_test(no_history_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

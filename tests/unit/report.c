// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports against tests/golden/report-NAME.{txt,json}. Run from the top folder;
 * with MEMTRACE_UPDATE_GOLDEN set the files are written instead (read the diff).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "analyze/aggregate.h"
#include "analyze/churn.h"
#include "report/renderer.h"
#include "unit/golden.h"
#include "unit/sample_snapshot.h"

static const struct frame plain_frames[] = {
    {.address = 0x55550000115f,
     .module = "app",
     .build_id = "0123abcd",
     .function = "fibonacci",
     .offset = 0x1f,
     .has_offset = true,
     .file = "app.c",
     .line = 12},
    {.address = 0x5555000011af,
     .module = "app",
     .build_id = "0123abcd",
     .function = "grow",
     .file = "grow.h",
     .line = 7,
     .inlined = true},
    {.address = 0x5555000011af,
     .module = "app",
     .build_id = "0123abcd",
     .function = "child",
     .offset = 0x4f,
     .has_offset = true,
     .file = "app.c",
     .line = 31},
    {.address = 0x7ffff7c891f5, .module = "libc.so.6", .function = "start_thread", .offset = 0xdb, .has_offset = true},
    {.address = 0x7ffff7d0989c},
};

static void set_frames(struct stack *stack, const struct frame *frames, size_t n)
{
	stack->frames = sample_copy(frames, n * sizeof(*frames));
	stack->n_frames = n;
	sample_addresses(stack, frames[0].address, n);
}

#define N_FRAMES(frames) (sizeof(frames) / sizeof(frames[0]))

static void sum(struct snapshot *snapshot)
{
	aggregate_sum(snapshot);
	snapshot->n_stacks_shown = snapshot->n_stacks;
}

static void plain(void **state)
{
	struct snapshot *snapshot = sample_new(1, 2, 1);

	(void)state;
	sample_usage(&snapshot->stacks[0], 5, 8192);
	snapshot->stacks[0].oldest_ns = 4800000000;
	set_frames(&snapshot->stacks[0], plain_frames, N_FRAMES(plain_frames));
	sample_usage(&snapshot->stacks[1], 1, 100);
	set_frames(&snapshot->stacks[1], plain_frames + 2, 2);
	sum(snapshot);
	snapshot->n_stacks_shown = 1;
	golden_check("plain", snapshot, (struct render_options){.top = 10});
}

static void empty(void **state)
{
	struct snapshot *snapshot = sample_new(1, 0, 1);

	(void)state;
	snapshot->processes[0].ended = true;
	snapshot->processes[0].exit_status_known = true;
	snapshot->processes[0].exit_status = 137;
	free(snapshot->processes[0].exe);
	snapshot->processes[0].exe = NULL;
	golden_check("empty", snapshot, (struct render_options){.top = 10});
}

/* Children that were followed: two had the same ID, and one has left nothing. */
static void family(void **state)
{
	struct snapshot *snapshot = sample_new(4, 3, 1);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snapshot->stacks[i].process = i;
		sample_usage(&snapshot->stacks[i], 1 + i, 100);
		set_frames(&snapshot->stacks[i], plain_frames + 2, 2);
	}
	for (size_t i = 1; i < 4; i++) {
		struct process *process = &snapshot->processes[i];

		process->number = i;
		process->is_child = process->ended = process->exit_status_known = true;
		process->parent = snapshot->processes[0].pid;
	}
	snapshot->processes[2].pid = snapshot->processes[1].pid;
	snapshot->inherited_frees = 7;
	snapshot->unknown_frees_known = true;
	assert_int_equal(aggregate_merge(snapshot), 0);
	assert_int_equal(snapshot->n_stacks, 3);
	sum(snapshot);
	golden_check("family", snapshot, (struct render_options){.top = 10});
}

/* Names that would break a terminal or a line. */
static void hostile(void **state)
{
	static const struct frame frames[] = {
	    {.address = 0x1000,
	     .module = "lib\033]0;owned\007.so",
	     .function = "evil\nInjected+0x0 [app]",
	     .file = "/tmp/\xff\xfe.c",
	     .line = 1},
	    {.address = 0x1010, .module = "[vdso]", .function = "bidi\u202e\u2066(int)", .has_offset = true},
	    {.address = 0x1020, .module = "[half", .function = "\"quoted\\u0000\\\""},
	    {.address = 0x1030, .module = "[anon]", .function = "\\u000042", .inlined = true},
	    {.address = 0x1040,
	     .module = "ünï🦀",
	     .function = "\xc2\x9b"
	                 "31m"},
	};
	struct snapshot *snapshot = sample_new(2, 1, 1);

	(void)state;
	strcpy(snapshot->processes[0].comm, "\033[31m\xf0\x9f");
	strcpy(snapshot->processes[1].comm, "\r\n");
	free(snapshot->processes[0].exe);
	snapshot->processes[0].exe = strdup("/tmp/\xed\xa0\x80 (deleted)");
	sample_usage(&snapshot->stacks[0], 1, 1);
	set_frames(&snapshot->stacks[0], frames, N_FRAMES(frames));
	sum(snapshot);
	golden_check("hostile", snapshot, (struct render_options){.top = 0});
}

/* Of the five blocks one lies on two nodes, one is not resident, of one it is not known; or all lie well. */
static void set_placement(struct stack *stack, size_t i)
{
	uint64_t size = stack->usage.live_bytes / 5;
	struct node_usage nodes[] = {{0, 2 * size + size / 2, 3, 4 * size}, {1, size / 2, 1, size}};
	struct node_usage well[] = {{0, 0, 0, 0}, {1, 5 * size, 5, 5 * size}};

	stack->placement = (struct placement){.nodes = sample_copy(i % 2 ? well : nodes, sizeof(nodes)), .n_nodes = 2};
	if (i % 2)
		return;
	stack->placement.not_resident_bytes = stack->placement.unplaced_bytes = size;
	stack->placement.remote_bytes = size / 2;
}

/* Processes, nodes, kinds, ends, blocks, losses: one of each. */
static struct snapshot *make_everything(void)
{
	static const struct block blocks[] = {
	    {.address = 0x7fff0000, .size_bytes = 8192, .age_ns = 4800000000, .placed = true, .node = 1},
	    {.address = 0x55551000,
	     .size_bytes = 64,
	     .age_ns = 1500000,
	     .placed = true,
	     .node = -1,
	     .cpu_node = 1,
	     .not_resident_bytes = 64},
	    {.address = 0x55551000, .size_bytes = 64, .age_ns = 1500000, .node = -1, .cpu_node = 1},
	};
	static const enum stack_end ends[] = {END_COMPLETE, END_DEPTH, END_NO_MAPPING, END_NO_CFI, END_READ_FAULT};
	struct snapshot *snapshot = sample_new(2, 9, 2);

	for (size_t i = 0; i < 9; i++) {
		struct stack *stack = &snapshot->stacks[i];

		stack->process = i >= 6;
		stack->kind = (enum block_kind)(i % 3);
		stack->end = ends[i % 5];
		stack->guessed = i == 3 || i == 5;
		sample_usage(stack, 5, 8192 >> i);
		set_placement(stack, i);
		if (i != 1 && i < 7)
			set_frames(stack, plain_frames, 2);
	}
	snapshot->stacks[7].end = snapshot->stacks[8].end = END_COMPLETE;
	snapshot->stacks[8].usage.live_bytes = snapshot->stacks[8].usage.live_blocks = 0;
	placement_clear(&snapshot->stacks[8].placement);
	snapshot->stacks[0].blocks = sample_copy(blocks, sizeof(blocks));
	snapshot->stacks[0].n_blocks = 3;
	sum(snapshot);
	for (int i = 0; i < LOSS_COUNT; i++)
		snapshot->lost[i] = i % 2 ? 0 : (uint64_t)i + 1;
	snapshot->abandoned_calls = 1;
	snapshot->unknown_frees = 2;
	snapshot->incomplete_stacks = 5;
	snapshot->ends[END_DEPTH] = 3;
	snapshot->ends[END_READ_FAULT] = 2;
	snapshot->untraced_children = 1;
	snapshot->processes[1].ended = true;
	snapshot->processes[0].memory = (struct process_memory){.known = true,
	                                                        .rss_bytes = 8192 * 7,
	                                                        .parts = {8192, 4096, 12288, 8191, 8193, 8192, 8192},
	                                                        .unseen_threads = 2};
	return snapshot;
}

static void everything(void **state)
{
	(void)state;
	golden_check("everything", make_everything(), (struct render_options){.top = 10, .show_blocks = true});
}

/* Numbers beyond what Jansson holds, and unknown frees that cannot be told. */
static void enormous(void **state)
{
	struct snapshot *snapshot = sample_new(1, 1, 1);

	(void)state;
	sample_usage(&snapshot->stacks[0], 1, 1);
	snapshot->stacks[0].usage.alloc_bytes = UINT64_MAX;
	snapshot->stacks[0].usage.free_bytes = (uint64_t)INT64_MAX + 1;
	snapshot->stacks[0].usage.live_bytes = INT64_MAX;
	sample_addresses(&snapshot->stacks[0], UINT64_MAX, 1);
	snapshot->unknown_frees_known = false;
	snapshot->unknown_frees = 3;
	snapshot->lost[LOSS_EVENTS] = UINT64_MAX;
	sum(snapshot);
	golden_check("enormous", snapshot, (struct render_options){.top = 10});
}

/* One of each verdict, fast and slow. */
static void verdicts(void **state)
{
	static const struct verdict all[] = {
	    {VERDICT_GROWING, 24, 115000000000, 20971.5, 19224, 22719, 12000000, 14400000, 0, 1 << 30, 50000000000000},
	    {VERDICT_GROWING, 500, 1800000000000, 0.01, 0.004, 0.016, 64, 82, 0, 1 << 30, UINT64_MAX},
	    {VERDICT_BOUNDED, 12, 55000000000, -12.25, -100, 75.5, 1100000, 1200000, 0, 0, 0},
	    {VERDICT_ONE_TIME, 1000, 5400000000000, 0, 0, 0, 4096, 4096, 0, 0, 0},
	    {VERDICT_CHURNING, 6, 7200000000000, 0, -1e30, 1e30, 0, 9e18, 850000000, 0, 0},
	    {VERDICT_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	struct snapshot *snapshot = sample_new(1, sizeof(all) / sizeof(all[0]), 1);

	snapshot->processes[0].memory = (struct process_memory){
	    .known = true, .rss_bytes = 1 << 20, .parts = {[MEMORY_SLACK] = 1 << 19, [MEMORY_FILES] = 1 << 19}};

	(void)state;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		sample_usage(&snapshot->stacks[i], 5, 8192 >> i);
		snapshot->stacks[i].oldest_ns = i == 1 ? 0 : 600000000000;
		snapshot->stacks[i].verdict = all[i];
		set_frames(&snapshot->stacks[i], plain_frames, 1);
	}
	sum(snapshot);
	golden_check("verdicts", snapshot, (struct render_options){.top = 10});
}

/* Blocks of a heap, of one of whose stacks the rows were given back, and a mapping. */
static void churn(void **state)
{
	static const struct free_place places[] = {
	    {.address = 0x5555000012af, .count = 40, .function_known = true, .same_function = true},
	    {.address = 0x5555000012bf, .count = 10, .function_known = true},
	    {.address = 0x5555000012cf, .count = 9},
	    {.address = 0x5555000012df, .count = 1},
	};
	static const struct churn all[] = {
	    {.freed_count = 61,
	     .soon_count = 30,
	     .soon_bytes = 3000,
	     .other_thread_count = 1,
	     .same_function_count = 40,
	     .unknown_function_count = 11,
	     .regrown_count = 12,
	     .outgrown_bytes = 65520,
	     .moved_bytes = 2064,
	     .peak_live_bytes = 65536,
	     .lifetimes_ns = {[10] = 30, [21] = 30, [47] = 1},
	     .sizes_bytes = {[0] = 1, [1] = 1, [7] = 98, [41] = 20000},
	     .elsewhere_count = 1},
	    {.peak_live_bytes = 100, .peak_is_bound = true, .sizes_bytes = {[7] = 1}},
	};
	struct snapshot *snapshot = sample_new(2, 3, 2);

	(void)state;
	snapshot->command = "churn";
	snapshot->recent_ns = 2500000000;
	for (size_t i = 0; i < 3; i++) {
		struct stack *stack = &snapshot->stacks[i];

		stack->process = i / 2;
		sample_usage(stack, 61 >> i, 100);
		stack->recent_count = 61 >> i;
		stack->recent_bytes = 8192 << i;
		if (i < 2)
			stack->churn = sample_copy(&all[i], sizeof(all[i]));
		if (i != 1)
			set_frames(stack, plain_frames, 2);
	}
	snapshot->stacks[2].kind = KIND_MMAP;
	snapshot->stacks[0].churn->places = sample_copy(places, sizeof(places));
	snapshot->stacks[0].churn->n_places = 4;
	snapshot->stacks[0].churn->places[0].frames = sample_copy(plain_frames, sizeof(plain_frames[0]));
	snapshot->stacks[0].churn->places[0].n_frames = 1;
	for (size_t i = 0; i < 2; i++) {
		struct churn_node nodes[] = {{.node = 0},
		                             {.node = 1,
		                              .recent_count = 5,
		                              .recent_bytes = 500,
		                              .alloc_count = 10 + i,
		                              .alloc_bytes = 1000,
		                              .free_count = 4,
		                              .free_bytes = 400,
		                              .other_node_count = 1}};
		struct churn_totals *totals = snapshot->processes[i].churn = churn_totals_new();

		totals->counted = true;
		totals->churn.peak_live_bytes = 65536;
		assert_int_equal(churn_totals_add_nodes(totals, &(struct churn_totals){.nodes = nodes, .n_nodes = 2}),
		                 0);
	}
	sum(snapshot);
	assert_int_equal(churn_sum(snapshot), 0);
	golden_check("churn", snapshot, (struct render_options){.top = 10, .view = VIEW_CHURN});
}

/* A stack that was not symbolized still shows where its addresses lie. */
static void bare(void **state)
{
	static const struct module module = {
	    .path = (char *)"/usr/bin/app", .name = "app", .build_id = {0xab, 0x01}, .build_id_size = 2};
	struct mapping *mapping = calloc(1, sizeof(*mapping));
	struct snapshot *snapshot = sample_new(1, 1, 1);

	(void)state;
	*mapping = (struct mapping){.start = 0x1000, .end = 0x2000, .module = &module};
	snapshot->processes[0].mappings = mapping;
	snapshot->processes[0].n_mappings = 1;
	sample_usage(&snapshot->stacks[0], 1, 8);
	/* 0x2000 follows a call that ends the mapping; 0x2010 lies outside. */
	sample_addresses(&snapshot->stacks[0], 0x1ff0, 3);
	sum(snapshot);
	golden_check("bare", snapshot, (struct render_options){.top = 10});
}

static void colours_only_when_asked(void **state)
{
	struct snapshot *snapshot = make_everything();
	char *plain_text = golden_render(&text_renderer, snapshot, &(struct render_options){.utc = true});
	char *coloured = golden_render(&text_renderer, snapshot, &(struct render_options){.utc = true, .colour = true});

	(void)state;
	assert_null(strchr(plain_text, '\033'));
	assert_non_null(strchr(coloured, '\033'));
	assert_non_null(strstr(coloured, "\033[31mIntegrity: lost: "));
	free(plain_text);
	free(coloured);
	snapshot_free(snapshot);
}

static void says_local_time(void **state)
{
	struct snapshot *snapshot = sample_new(1, 0, 1);
	char *text;

	(void)state;
	setenv("TZ", "XYZ-2", 1);
	tzset();
	text = golden_render(&text_renderer, snapshot, &(struct render_options){.top = 10});
	assert_memory_equal(text, "[05:00:41] Top 10", strlen("[05:00:41] Top 10"));
	free(text);
	snapshot_free(snapshot);
}

static void ends_json_with_one_newline(void **state)
{
	struct snapshot *snapshot = make_everything();
	char *json = golden_render(&json_renderer, snapshot, &(struct render_options){.show_blocks = true});
	json_t *value = json_loads(json, 0, NULL);

	(void)state;
	assert_non_null(value);
	assert_ptr_equal(strchr(json, '\n'), json + strlen(json) - 1);
	assert_int_equal(json_array_size(json_object_get(value, "stacks")), 9);
	json_decref(value);
	free(json);
	snapshot_free(snapshot);
}

static void returns_what_writing_failed_with(void **state)
{
	struct snapshot *snapshot = make_everything();
	static const struct render_options options = {.top = 10};

	(void)state;
	for (size_t i = 0; renderers[i]; i++) {
		FILE *full;

		if (renderers[i]->of_verdicts || (renderers[i]->missing && renderers[i]->missing()))
			continue;
		full = fopen("/dev/full", "w");

		assert_int_equal(renderers[i]->report(full, snapshot, &options), -ENOSPC);
		fclose(full);
		/* With a buffer so small that the failure comes early on. */
		full = fopen("/dev/full", "w");
		setvbuf(full, NULL, _IONBF, 0);
		assert_true(renderers[i]->report(full, snapshot, &options) < 0);
		fclose(full);
	}
	snapshot_free(snapshot);
}

static void finds_renderers_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(renderer_find("text"), &text_renderer);
	assert_ptr_equal(renderer_find("json"), &json_renderer);
	assert_null(renderer_find("tex"));
	assert_null(renderer_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain),
	    cmocka_unit_test(empty),
	    cmocka_unit_test(family),
	    cmocka_unit_test(hostile),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(enormous),
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(churn),
	    cmocka_unit_test(bare),
	    cmocka_unit_test(colours_only_when_asked),
	    cmocka_unit_test(says_local_time),
	    cmocka_unit_test(ends_json_with_one_newline),
	    cmocka_unit_test(returns_what_writing_failed_with),
	    cmocka_unit_test(finds_renderers_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

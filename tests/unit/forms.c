// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every form of report on what is hard for some of them: names that mean something in one, very long names, very many
 * stacks, recordings, reports that follow one another. Against tests/golden/report-NAME.*, as in report.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>

#include "analyze/aggregate.h"
#include "report/renderer.h"
#include "unit/golden.h"
#include "unit/sample_snapshot.h"

#define N_FORMS (sizeof(golden_forms) / sizeof(golden_forms[0]))
#define N_MANY 100000
#define N_WIDE 778 /* frames that are wide enough to be drawn, with the one below all */
#define MANY_FRAMES 8
#define LONG_NAME 10000

static void set_frames(struct stack *stack, const struct frame *frames, size_t n)
{
	stack->frames = sample_copy(frames, n * sizeof(*frames));
	stack->n_frames = n;
	sample_addresses(stack, frames[0].address, n);
}

static void sum(struct snapshot *snapshot)
{
	aggregate_sum(snapshot);
	snapshot->n_stacks_shown = snapshot->n_stacks;
}

static void one(void **state)
{
	static const struct frame frames[] = {
	    {.address = 0x1000, .module = "app", .function = "main", .file = "app.c", .line = 3}};
	struct snapshot *snapshot = sample_new(1, 1, 1);

	(void)state;
	sample_usage(&snapshot->stacks[0], 1, 8);
	set_frames(&snapshot->stacks[0], frames, 1);
	sum(snapshot);
	golden_check("one", snapshot, (struct render_options){.top = 10});
}

/* Names that would be a separator, a comment, a formula, a tag or the end of something in one form or another. */
static void injecting(void **state)
{
	static const struct frame frames[] = {
	    {.address = 0x1000,
	     .module = "a;b.so",
	     .build_id = "0123abcd",
	     .function = "=cmd|' /C calc'!A0",
	     .file = "x;\"y\",z.c",
	     .line = 7},
	    {.address = 0x1010, .module = "#lib.so", .function = "<[u8; 32] as Trait>::call::{closure#0}", .line = 1},
	    {.address = 0x1020, .module = "</script>", .function = "<script>alert(\"1\")</script>&amp;<!--"},
	    {.address = 0x1030, .module = "@m", .function = "@SUM(1+1)", .file = "=f.c", .line = 2, .inlined = true},
	    {.address = 0x1030, .module = "@m", .function = "-[NSObject retain]", .file = "f\r\n\"g.c"},
	    {.address = 0x1040, .module = "m", .function = "x 99\nn9: 5 0x0: forged\nmain;fake 1"},
	    {.address = 0x1050, .module = "m", .function = "\uff1dA1;\t\033[31m\xff \xe2\x80\xae"},
	    {.address = 0x1060, .module = "m", .function = ""},
	    {.address = 0x1070, .module = "=m;\"\n"},
	    {.address = 0x1080, .module = "m", .function = "'];\"}]}\\"},
	};
	struct snapshot *snapshot = sample_new(3, 3, 1);

	(void)state;
	strcpy(snapshot->processes[0].comm, "=1+1;#\"\n\033[2J");
	strcpy(snapshot->processes[1].comm, "#comment");
	snapshot->processes[2].comm[0] = '\0';
	free(snapshot->processes[0].exe);
	snapshot->processes[0].exe = strdup("/tmp/#x\ntime_unit: B");
	for (size_t i = 0; i < 3; i++) {
		snapshot->stacks[i].process = i;
		sample_usage(&snapshot->stacks[i], 1 + i, 100);
		set_frames(&snapshot->stacks[i], frames + i, sizeof(frames) / sizeof(frames[0]) - i);
	}
	sum(snapshot);
	golden_check("injecting", snapshot, (struct render_options){.top = 0});
}

/* The name as a form writes it: what has tags of its own writes those of names otherwise. The caller frees it. */
static char *name_in(const struct renderer *renderer, const char *name)
{
	const char *less = renderer == &svg_renderer ? "&lt;" : renderer == &html_renderer ? "\\u003c" : "<";
	const char *greater = renderer == &svg_renderer ? "&gt;" : renderer == &html_renderer ? "\\u003e" : ">";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (; *name; name++) {
		if (*name == '<' || *name == '>')
			fputs(*name == '<' ? less : greater, out);
		else
			fputc(*name, out);
	}
	fclose(out);
	return text;
}

/* A name of 10,000 characters, as C++ makes them, is neither cut nor too long for any form. */
static void long_name(void **state)
{
	static char name[LONG_NAME + 1];
	struct frame frame = {.address = 0x1000, .module = "app", .function = name, .file = "a.cc", .line = 1};
	struct snapshot *snapshot = sample_new(1, 1, 1);
	const struct render_options options = {.utc = true};

	(void)state;
	for (size_t i = 0; i < LONG_NAME; i++)
		name[i] = "std::pair<int const, long>,"[i % 27];
	sample_usage(&snapshot->stacks[0], 1, 8);
	set_frames(&snapshot->stacks[0], &frame, 1);
	sum(snapshot);
	for (size_t i = 0; i < N_FORMS; i++) {
		char *text = golden_render(golden_forms[i].renderer, snapshot, &options);
		char *expected = name_in(golden_forms[i].renderer, name);

		assert_non_null(strstr(text, expected));
		free(expected);
		free(text);
	}
	snapshot_free(snapshot);
}

/* As a forged recording may have: a stack of 100,000 frames. */
static void deep(void **state)
{
	struct frame *frames = calloc(N_MANY, sizeof(*frames));
	struct snapshot *snapshot = sample_new(1, 1, 1);
	const struct render_options options = {.utc = true};

	(void)state;
	assert_non_null(frames);
	for (size_t i = 0; i < N_MANY; i++)
		frames[i] =
		    (struct frame){.address = 0x1000 + i, .module = "app", .function = i ? "again" : "innermost"};
	sample_usage(&snapshot->stacks[0], 1, 8);
	set_frames(&snapshot->stacks[0], frames, N_MANY);
	sum(snapshot);
	for (size_t i = 0; i < N_FORMS; i++) {
		char *text = golden_render(golden_forms[i].renderer, snapshot, &options);

		assert_non_null(strstr(text, "innermost"));
		if (golden_forms[i].renderer == &massif_renderer)
			assert_non_null(strstr(text, "n0: 8 0x0: [more frames]\n"));
		free(text);
	}
	free(frames);
	snapshot_free(snapshot);
}

/* Of `n` functions; stack i has its own way through them. */
static struct snapshot *make_many(char (*names)[32], size_t n)
{
	struct snapshot *snapshot = sample_new(1, N_MANY, 1);

	for (size_t i = 0; i < N_MANY; i++) {
		struct frame frames[MANY_FRAMES];
		size_t rest = i;

		for (size_t j = 0; j < MANY_FRAMES; j++, rest /= n)
			frames[j] = (struct frame){.address = 0x1000 + 16 * (rest % n) + 0x10000 * j,
			                           .module = "app",
			                           .function = names[rest % n],
			                           .file = "app.c",
			                           .line = (unsigned int)(rest % n + 1)};
		set_frames(&snapshot->stacks[i], frames, MANY_FRAMES);
		sample_usage(&snapshot->stacks[i], 1 + i % 7, 16 + i % 1000);
	}
	sum(snapshot);
	return snapshot;
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

/* strstr(3) is measured against the whole of a text by the sanitizer, each time. */
static size_t count(const char *text, const char *word)
{
	size_t length = strlen(word), n = 0;

	for (; *text; text++)
		n += *text == *word && !strncmp(text, word, length);
	return n;
}

/* 100,000 stacks: a report of them is known by its hash, and has something of each. */
static void many(void **state)
{
	static const struct {
		const struct renderer *renderer;
		const char *of_each;
		size_t n;
	} rows[] = {
	    {&text_renderer, " from stack\n", N_MANY},  {&json_renderer, "\"kind\": \"heap\"", N_MANY},
	    {&folded_renderer, "\napp;f", N_MANY - 1},  {&csv_renderer, "\r\n", N_MANY + 1},
	    {&pprof_renderer, "\nsample\n", N_MANY},    {&speedscope_renderer, "[0,", 3 * N_MANY},
	    {&massif_renderer, "        n0: ", N_MANY}, {&svg_renderer, "<g class=", N_WIDE},
	    {&html_renderer, "\"\"", N_MANY + 2}, /* verdicts in words; there are no verdict and no class as well */
	};
	char names[12][32], hashes[1024] = "";
	struct snapshot *snapshot;
	const struct render_options options = {.utc = true};

	(void)state;
	for (size_t i = 0; i < 12; i++)
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
	snapshot = make_many(names, 12);
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), N_FORMS);
	for (size_t i = 0; i < N_FORMS; i++) {
		char *text = golden_render(rows[i].renderer, snapshot, &options), *end = hashes + strlen(hashes);

		assert_int_equal(count(text, rows[i].of_each), rows[i].n);
		snprintf(end, sizeof(hashes) - (size_t)(end - hashes), "%s %016" PRIx64 "\n", rows[i].renderer->name,
		         hash_of(text));
		free(text);
	}
	snapshot_free(snapshot);
	golden_compare("report", "many", "hashes", hashes);
}

/* Three moments, of which the second is shown; the third stack has come behind the last. */
static struct snapshot *make_history(void)
{
	static const struct frame frames[] = {{.address = 0x1000, .module = "app", .function = "grow"},
	                                      {.address = 0x1010, .module = "app", .function = "shrink"},
	                                      {.address = 0x1020, .module = "app", .function = "new"},
	                                      {.address = 0x1030, .module = "app", .function = "main"}};
	static const struct moment_usage usages[] = {
	    {100, 1, 100, 1}, {200, 2, 300, 3}, {400, 4, 700, 7}, /* grow */
	    {500, 5, 500, 5}, {300, 3, 500, 5}, {0, 0, 500, 5},   /* shrink */
	};
	struct snapshot *snapshot = sample_new(1, 3, 1);
	struct history *history = calloc(1, sizeof(*history));

	assert_non_null(history);
	history->n_moments = 3;
	history->n_recorded = 3;
	history->n_stacks = 2;
	history->shown = 1;
	history->moments = calloc(3, sizeof(*history->moments));
	history->usages = sample_copy(usages, sizeof(usages));
	for (size_t i = 0; i < 3; i++)
		history->moments[i] = (struct moment){.time_unix_ns = snapshot->time_unix_ns + (i - 1) * 2000000000,
		                                      .live_bytes = 600 - 100 * i,
		                                      .complete = true};
	snapshot->history = history;
	for (size_t i = 0; i < 3; i++) {
		struct frame pair[] = {frames[i], frames[3]};

		set_frames(&snapshot->stacks[i], pair, 2);
		sample_usage(&snapshot->stacks[i], 3 - i, 100);
	}
	sum(snapshot);
	return snapshot;
}

static void history(void **state)
{
	(void)state;
	golden_check("history", make_history(), (struct render_options){.top = 10});
}

static void folded_is(struct snapshot *snapshot, enum view view, const char *expected)
{
	char *text = golden_render(&folded_renderer, snapshot, &(struct render_options){.view = view});

	assert_string_equal(text, expected);
	free(text);
}

static void views_of_a_recording(void **state)
{
	struct snapshot *snapshot = make_history();

	(void)state;
	folded_is(snapshot, VIEW_LIVE, "app;main;grow 300\napp;main;shrink 200\napp;main;new 100\n");
	folded_is(snapshot, VIEW_CHURN, "app;main;grow 600\napp;main;shrink 400\napp;main;new 200\n");
	folded_is(snapshot, VIEW_GROWTH, "app;main;grow 100\n");
	snapshot->history->shown = 2;
	folded_is(snapshot, VIEW_GROWTH, "app;main;grow 300\n");
	history_free(snapshot->history);
	snapshot->history = NULL;
	folded_is(snapshot, VIEW_GROWTH, "");
	/* A row for each class of a stack's blocks: what was allocated is of none. */
	snapshot->stacks[0].leak = LEAK_DEFINITE;
	folded_is(snapshot, VIEW_LIVE, "app;main;grow 300\napp;main;shrink 200\napp;main;new 100\n");
	folded_is(snapshot, VIEW_CHURN, "app;main;shrink 400\napp;main;new 200\n");
	snapshot_free(snapshot);
}

/* What a reader sees first, where he can choose. */
static void first_by_view(void **state)
{
	static const struct {
		const struct renderer *renderer;
		enum view view;
		const char *words;
	} rows[] = {
	    {&pprof_renderer, VIEW_LIVE, "default_sample_type \"inuse_space\"\n"},
	    {&pprof_renderer, VIEW_CHURN, "default_sample_type \"alloc_space\"\n"},
	    {&pprof_renderer, VIEW_GROWTH, "default_sample_type \"inuse_space\"\n"},
	    {&speedscope_renderer, VIEW_LIVE, "\"activeProfileIndex\": 0,"},
	    {&speedscope_renderer, VIEW_CHURN, "\"activeProfileIndex\": 2,"},
	    {&speedscope_renderer, VIEW_GROWTH, "\"activeProfileIndex\": 3,"},
	};
	struct snapshot *snapshot = make_history();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = golden_render(rows[i].renderer, snapshot, &(struct render_options){.view = rows[i].view});

		assert_non_null(strstr(text, rows[i].words));
		free(text);
	}
	snapshot_free(snapshot);
}

/* Reports that follow one another have one head. */
static void series(void **state)
{
	struct snapshot *snapshot = sample_new(1, 0, 1);
	const struct render_options options = {.utc = true, .reports_before = 1};
	char *text = golden_render(&csv_renderer, snapshot, &options);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	text = golden_render(&massif_renderer, snapshot, &options);
	assert_memory_equal(text, "#-----------\nsnapshot=1\n", 24);
	free(text);
	snapshot_free(snapshot);
}

/* Whatever the golden files say: with a loss no report looks like one without, but for forms that say so. */
static void says_what_was_lost(void **state)
{
	struct snapshot *snapshot = sample_new(1, 0, 1);
	const struct render_options options = {.utc = true};

	(void)state;
	for (size_t i = 0; renderers[i]; i++) {
		char *whole, *lossy;

		if (renderers[i]->of_verdicts)
			continue;
		whole = golden_render(renderers[i], snapshot, &options);
		snapshot->lost[LOSS_EVENTS] = 4711;
		lossy = golden_render(renderers[i], snapshot, &options);
		assert_int_equal(!strcmp(whole, lossy), renderers[i]->mute);
		assert_int_equal(!strstr(lossy, "4711"), renderers[i]->mute);
		snapshot->lost[LOSS_EVENTS] = 0;
		free(whole);
		free(lossy);
	}
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one),
	    cmocka_unit_test(injecting),
	    cmocka_unit_test(long_name),
	    cmocka_unit_test(deep),
	    cmocka_unit_test(many),
	    cmocka_unit_test(history),
	    cmocka_unit_test(views_of_a_recording),
	    cmocka_unit_test(first_by_view),
	    cmocka_unit_test(series),
	    cmocka_unit_test(says_what_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

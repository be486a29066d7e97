// SPDX-License-Identifier: GPL-2.0-or-later
/* The screen of memtrace top, without a terminal: what keys and snapshots make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "top/details.h"
#include "top/key.h"
#include "top/keys.h"
#include "unit/top_fixture.h"

#define LINES 20
#define COLUMNS 110
#define MONKEY_KEYS 6000

/* By their first address: which is the age of the oldest block too. */
#define CACHE 16
#define LEAK 32
#define MANY 48
#define OTHER 64

static const struct top_row first_rows[] = {
    {0, CACHE, 10, 1000}, {0, LEAK, 5, 100}, {0, MANY, 90, 1}, {0, OTHER, 4, 7}};
/* The leak has become the largest. */
static const struct top_row second_rows[] = {{0, CACHE, 9, 1000}, {0, LEAK, 500, 100}, {0, MANY, 90, 1}};

struct test {
	struct screen screen;
	struct page page;
};

static const struct {
	uint64_t from;
	const char *functions[3];
} named[] = {
    {CACHE, {"std::string::append", "fill_cache", "main"}},
    {LEAK, {"remember", "handle_request", "worker"}},
    {MANY, {"note", "handle_request", "worker"}},
    {OTHER, {"other", "main", "_start"}},
};

/* As the symbolizer would: the first frame of CACHE is a library's, all others are the program's own. */
static void name(struct watch *watch, struct watched *watched)
{
	struct stack from = {.n_frames = 3, .frames = calloc(3, sizeof(struct frame))};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (named[i].from != watched->stack.addresses[0])
			continue;
		for (size_t j = 0; j < 3; j++) {
			bool library = named[i].from == CACHE && j == 0;

			from.frames[j] = (struct frame){
			    .address = watched->stack.addresses[j],
			    .function = named[i].functions[j],
			    .module = library ? "libstdc++.so.6" : "app",
			    .file = library  ? NULL
			            : j == 0 ? "src/request.c"
			                     : "src/main.c",
			    .line = (unsigned int)(10 + j),
			    .offset = 0x1f,
			    .has_offset = true,
			};
		}
	}
	watch_take_frames(watch, watched, &from);
}

static void update(struct test *test, uint64_t seconds, const struct top_row *rows, size_t n)
{
	struct snapshot *snapshot = top_snapshot(1, seconds, rows, n);

	assert_int_equal(screen_update(&test->screen, snapshot), 0);
	snapshot_free(snapshot);
	for (size_t i = 0; i < test->screen.watch->n_stacks; i++) {
		if (watched_is_unnamed(test->screen.watch->stacks[i]))
			name(test->screen.watch, test->screen.watch->stacks[i]);
	}
	screen_arrange(&test->screen);
}

static int setup(void **state)
{
	struct test *test = calloc(1, sizeof(*test));

	*state = test;
	if (!test || screen_init(&test->screen, TOP_MEMORY, true))
		return -1;
	test->screen.utc = true;
	test->screen.interval_ns = 1000000000;
	screen_resize(&test->screen, LINES, COLUMNS);
	update(test, 10, first_rows, 4);
	return 0;
}

static int teardown(void **state)
{
	struct test *test = *state;

	screen_free(&test->screen);
	page_free(&test->page);
	free(test);
	return 0;
}

static void type(struct test *test, const char *text)
{
	for (; *text; text++)
		screen_key(&test->screen, (unsigned char)*text);
}

/* The text of the screen; the caller frees it. */
static char *draw(struct test *test)
{
	assert_int_equal(screen_draw(&test->screen, &test->page), 0);
	assert_true(top_is_sane(&test->page));
	return top_text(&test->page);
}

static void expect(struct test *test, const char *words, bool there)
{
	char *text = draw(test);

	if ((strstr(text, words) != NULL) != there)
		fail_msg("%s '%s' in:\n%s", there ? "no" : "there is", words, text);
	free(text);
}

/* Which stacks are shown, in what order: their first addresses. */
static void expect_order(const struct test *test, const uint64_t *from, size_t n)
{
	assert_int_equal(test->screen.n_rows, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(test->screen.rows[i]->stack.addresses[0], from[i]);
}

#define EXPECT_ORDER(test, ...) \
	expect_order(test, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static uint64_t under_cursor(const struct test *test)
{
	return test->screen.rows[test->screen.cursor_row]->stack.addresses[0];
}

/* The line that is marked as the cursor's. */
static void expect_cursor(struct test *test, const char *words)
{
	size_t n = 0;

	free(draw(test));
	for (size_t i = 0; i < test->page.n_lines; i++) {
		char *line = top_line(&test->page, i);

		if (test->page.lines[i].chosen) {
			n++;
			assert_non_null(strstr(line, words));
		}
		free(line);
	}
	assert_int_equal(n, 1);
}

static void shows_exact_sums(void **state)
{
	struct test *test = *state;

	expect(test, "Live 10618 bytes in 109 blocks", true);
	expect(test, "app (1001)", true);
	expect(test, "every 1 s", true);
	expect(test, "03:00:46", true);
	expect(test, "Integrity: nothing lost; watched since 2026-03-01 03:00:36 (10.0 s)", true);
	expect(test, "4 stacks, by bytes", true);
	expect(test, "    10000     10", true);
	expect(test, "remember request.c:10 \u2190 handle_request \u2190 worker", true);
	/* The program's own code first, and whom it called. */
	expect(test, "fill_cache main.c:11 \u2192 std::string::append \u2190 main", true);
	/* Nothing is known of the time before. */
	expect(test, "/s", false);
	update(test, 12, second_rows, 3);
	expect(test, "Live 59090 bytes in 599 blocks (58 KiB), +24 KiB/s; allocated 47 KiB/s, 490/s", true);
}

static void orders_by_each_key(void **state)
{
	struct test *test = *state;

	EXPECT_ORDER(test, CACHE, LEAK, MANY, OTHER);
	type(test, "c");
	EXPECT_ORDER(test, MANY, CACHE, LEAK, OTHER);
	expect(test, "by count", true);
	type(test, "a");
	EXPECT_ORDER(test, OTHER, MANY, LEAK, CACHE);
	type(test, "r");
	EXPECT_ORDER(test, CACHE, LEAK, MANY, OTHER);
	expect(test, "by age, least first", true);
	type(test, "rb");
	EXPECT_ORDER(test, CACHE, LEAK, MANY, OTHER);
	update(test, 12, second_rows, 3);
	type(test, "g");
	EXPECT_ORDER(test, LEAK, MANY, CACHE);
	for (int i = ORDER_COUNT; i <= ORDER_AGE; i++) {
		type(test, i == ORDER_COUNT ? "bs" : "s");
		assert_int_equal(test->screen.order, i);
	}
	/* By change only where there is a moment. */
	type(test, "s");
	assert_int_equal(test->screen.order, ORDER_BYTES);
	type(test, "d");
	assert_int_equal(test->screen.order, ORDER_BYTES);
	expect(test, "no moment is marked", true);
	type(test, "masd");
	assert_int_equal(test->screen.order, ORDER_CHANGE);
}

static void growing_stacks_come_first(void **state)
{
	struct test *test = *state;

	for (size_t i = 0; i < test->screen.watch->n_stacks; i++) {
		struct stack *stack = &test->screen.watch->stacks[i]->stack;

		if (stack->addresses[0] == OTHER)
			stack->verdict = (struct verdict){.kind = VERDICT_GROWING, .points = 20, .bytes_per_s = 20480};
		else
			stack->verdict.kind = VERDICT_BOUNDED;
	}
	type(test, "g");
	assert_int_equal(test->screen.rows[0]->stack.addresses[0], OTHER);
	expect(test, "growing 1.2M/min", true);
	expect(test, "bounded", true);
}

static void cursor_stays_on_its_stack(void **state)
{
	struct test *test = *state;

	/* Until it is moved it is on the first, whichever that is. */
	assert_int_equal(under_cursor(test), CACHE);
	update(test, 11, second_rows, 3);
	assert_int_equal(under_cursor(test), LEAK);
	screen_key(&test->screen, TOP_DOWN);
	assert_int_equal(under_cursor(test), CACHE);
	update(test, 12, first_rows, 4);
	assert_int_equal(under_cursor(test), CACHE);
	expect_cursor(test, "fill_cache");
	type(test, "c");
	assert_int_equal(under_cursor(test), CACHE);
	type(test, "a");
	assert_int_equal(under_cursor(test), CACHE);
	expect_cursor(test, "fill_cache");
	screen_key(&test->screen, TOP_LAST);
	type(test, "b");
	assert_int_equal(under_cursor(test), CACHE);
	screen_key(&test->screen, TOP_LAST);
	assert_int_equal(under_cursor(test), OTHER);
	/* It goes, and the cursor is on what is last then. */
	update(test, 13, second_rows, 3);
	assert_int_equal(under_cursor(test), MANY);
	screen_key(&test->screen, TOP_FIRST);
	assert_int_equal(under_cursor(test), LEAK);
	screen_key(&test->screen, TOP_UP);
	assert_int_equal(under_cursor(test), LEAK);
	update(test, 14, NULL, 0);
	expect(test, "nothing is live", true);
	for (uint32_t key = TOP_NAMED; key <= TOP_HANG_UP; key++)
		screen_key(&test->screen, key);
	type(test, " \r");
	expect(test, "nothing is live", true);
}

static void expands_the_stack_under_the_cursor(void **state)
{
	struct test *test = *state;

	expect(test, "remember+0x1f [app] src/request.c:10", false);
	screen_key(&test->screen, TOP_DOWN);
	type(test, "\r");
	expect(test, "    allocated 1000 bytes in 10, freed 500 in 5, oldest live block 32.0 s", true);
	expect(test, "    remember+0x1f [app] src/request.c:10", true);
	expect(test, "    worker+0x1f [app] src/main.c:12", true);
	/* Its lines are gone through one by one, and it goes on being shown. */
	screen_key(&test->screen, TOP_DOWN);
	screen_key(&test->screen, TOP_DOWN);
	expect_cursor(test, "remember+0x1f");
	update(test, 11, second_rows, 3);
	expect_cursor(test, "remember+0x1f");
	type(test, " ");
	expect(test, "remember+0x1f", false);
	expect_cursor(test, "remember request.c:10");
}

static void searches(void **state)
{
	struct test *test = *state;

	type(test, "/Handle");
	EXPECT_ORDER(test, LEAK, MANY);
	expect(test, "Search: Handle", true);
	expect(test, "4 stacks, 2 of them with 'Handle', by bytes", true);
	assert_true(test->page.typing);
	assert_int_equal(test->page.cursor_column, strlen("Search: Handle"));
	screen_key(&test->screen, 0x7f);
	screen_key(&test->screen, TOP_ERASE);
	type(test, "\r");
	expect(test, "Search:", false);
	assert_false(test->page.typing);
	assert_string_equal(test->screen.search, "Hand");
	update(test, 11, second_rows, 3);
	EXPECT_ORDER(test, LEAK, MANY);
	/* Letters are keys again. */
	type(test, "r");
	EXPECT_ORDER(test, MANY, LEAK);
	screen_key(&test->screen, TOP_ESCAPE);
	assert_int_equal(test->screen.n_rows, 3);
	type(test, "/LIBSTDC");
	EXPECT_ORDER(test, CACHE);
	screen_key(&test->screen, TOP_CTRL('u'));
	type(test, "request.c");
	EXPECT_ORDER(test, MANY, LEAK);
	type(test, "nowhere");
	assert_int_equal(test->screen.n_rows, 0);
	expect(test, "no stack has it", true);
	screen_key(&test->screen, TOP_ESCAPE);
	assert_int_equal(test->screen.n_rows, 3);
}

static void search_takes_any_character(void **state)
{
	struct test *test = *state;

	type(test, "/");
	screen_key(&test->screen, 0xe9);
	screen_key(&test->screen, 0x5bbd);
	screen_key(&test->screen, 0x1f600);
	screen_key(&test->screen, 0x202e);
	assert_string_equal(test->screen.search, "\u00e9\u5bbd\U0001f600\u202e");
	/* What turns the direction of reading round is told, and not sent. */
	expect(test, "\u00e9\u5bbd\U0001f600\\u{202e}", true);
	screen_key(&test->screen, TOP_ERASE);
	screen_key(&test->screen, TOP_ERASE);
	assert_string_equal(test->screen.search, "\u00e9\u5bbd");
	screen_key(&test->screen, 0x9b);
	screen_key(&test->screen, TOP_PAGE_UP);
	assert_string_equal(test->screen.search, "\u00e9\u5bbd");
	for (int i = 0; i < 3 * PROMPT_SIZE; i++)
		screen_key(&test->screen, 0x1f600);
	assert_true(strlen(test->screen.prompt.text) < PROMPT_SIZE);
	expect(test, "Search: ", true);
	for (int i = 0; i < 3 * PROMPT_SIZE; i++)
		screen_key(&test->screen, TOP_ERASE);
	assert_string_equal(test->screen.search, "");
}

static void shows_the_change_since_a_moment(void **state)
{
	struct test *test = *state;

	expect(test, "\u00b1BYTES", false);
	type(test, "m");
	expect(test, "Since 03:00:46 (0 s ago): +0 bytes in +0 blocks", true);
	update(test, 15, second_rows, 3);
	expect(test, "Since 03:00:46 (5 s ago): +48472 bytes in +490 blocks", true);
	expect(test, "\u00b1BYTES", true);
	expect(test, "50000    500   +49500     +495", true);
	type(test, "d");
	EXPECT_ORDER(test, LEAK, MANY, OTHER, CACHE);
	expect(test, "        0      0      -28       -4", true);
	type(test, "M");
	expect(test, "Since", false);
	EXPECT_ORDER(test, LEAK, CACHE, MANY);
	assert_int_equal(test->screen.order, ORDER_BYTES);
}

static void asks_for_what_keys_mean(void **state)
{
	struct test *test = *state;
	struct screen *screen = &test->screen;

	type(test, "+");
	assert_int_equal(screen_take_wishes(screen), WISH_INTERVAL);
	assert_int_equal(screen->interval_ns, 2000000000);
	type(test, "--");
	assert_int_equal(screen->interval_ns, 500000000);
	for (int i = 0; i < 20; i++)
		type(test, "+");
	assert_int_equal(screen->interval_ns, 600000000000);
	for (int i = 0; i < 20; i++)
		type(test, "-");
	assert_int_equal(screen->interval_ns, 100000000);
	screen->interval_ns = 700000000;
	type(test, "-");
	assert_int_equal(screen->interval_ns, 500000000);
	screen_take_wishes(screen);
	type(test, "p");
	assert_int_equal(screen_take_wishes(screen), 0);
	expect(test, "PAUSED", true);
	type(test, "p");
	assert_int_equal(screen_take_wishes(screen), WISH_SNAPSHOT);
	screen_key(screen, TOP_REDRAW);
	assert_int_equal(screen_take_wishes(screen), WISH_REDRAW);
	screen_key(screen, TOP_RESIZED);
	assert_int_equal(screen_take_wishes(screen), 0);
	type(test, "q");
	assert_int_equal(screen_take_wishes(screen), WISH_QUIT);
	screen_key(screen, TOP_HANG_UP);
	assert_int_equal(screen_take_wishes(screen), WISH_QUIT);
}

static void asks_where_to_record(void **state)
{
	struct test *test = *state;
	struct screen *screen = &test->screen;

	type(test, "wx");
	expect(test, "Record to file: x", true);
	screen_key(screen, TOP_ESCAPE);
	assert_int_equal(screen_take_wishes(screen), 0);
	type(test, "w\r");
	assert_int_equal(screen_take_wishes(screen), 0);
	type(test, "wq /m.rec\r");
	assert_int_equal(screen_take_wishes(screen), WISH_RECORD);
	assert_string_equal(screen->prompt.text, "q /m.rec");
	snprintf(screen->recording.path, sizeof(screen->recording.path), "a\x1b[31m.rec");
	screen->recording.snapshots = 1;
	screen->recording.bytes = 4096;
	expect(test, "Recording: 1 snapshot, 4.0 KiB, in a\\x1b[31m.rec", true);
	type(test, "w");
	assert_int_equal(screen_take_wishes(screen), WISH_RECORD);
	screen->recording.path[0] = '\0';
	screen_tell(screen, true, "cannot\x1b create");
	expect(test, "cannot\\x1b create", true);
	type(test, "b");
	expect(test, "cannot", false);
}

static void says_that_the_target_has_ended(void **state)
{
	struct test *test = *state;
	struct snapshot *snapshot = top_snapshot(1, 20, first_rows, 4);

	snapshot->processes[0].ended = snapshot->processes[0].exit_status_known = true;
	snapshot->processes[0].exit_status = 3;
	type(test, "p");
	screen_end(&test->screen);
	assert_false(test->screen.paused);
	assert_int_equal(screen_update(&test->screen, snapshot), 0);
	snapshot_free(snapshot);
	expect(test, "app (1001) ended, exit status 3", true);
	expect(test, "last state, 03:00:56", true);
	expect(test, "q quits", true);
	type(test, "pw");
	assert_false(test->screen.paused);
	assert_int_equal(test->screen.mode, MODE_LIST);
	expect(test, "nothing goes on", true);
}

static void says_what_was_lost(void **state)
{
	struct test *test = *state;
	struct snapshot *snapshot = top_snapshot(1, 20, first_rows, 4);

	snapshot->lost[LOSS_MISSED_FREES] = 7;
	assert_int_equal(screen_update(&test->screen, snapshot), 0);
	snapshot_free(snapshot);
	expect(test, "Integrity: lost: 7 frees missed", true);
	/* A long line goes on in the next one. */
	screen_resize(&test->screen, LINES, 40);
	expect(test, "\nIntegrity: lost: 7 frees missed: address\n came back live; ", true);
	/* And is there on the smallest screen. */
	screen_resize(&test->screen, 1, 40);
	expect(test, "Integrity: lost: 7 frees missed: address\n", true);
}

static void names_do_no_harm(void **state)
{
	struct test *test = *state;
	struct stack from = {.n_frames = 3, .frames = calloc(3, sizeof(struct frame))};
	struct snapshot *snapshot = top_snapshot(2, 20, first_rows, 4);
	char *longest = malloc(10001);

	memset(longest, 'T', 10000);
	longest[10000] = '\0';
	from.frames[0] = (struct frame){.function = "\x1b]0;owned\x07<b>", .module = "app", .file = "\xff\xfe/\x9b.c"};
	from.frames[1] =
	    (struct frame){.function = "\u202etxet\u5bbd\u540d\u0301\u0301\u0301\u0301", .module = "\n[x]"};
	from.frames[2] = (struct frame){.function = longest, .module = "app"};
	memcpy(snapshot->processes[0].comm, "\x1b[2J\xc3(\n", 8);
	assert_int_equal(screen_update(&test->screen, snapshot), 0);
	snapshot_free(snapshot);
	watch_take_frames(test->screen.watch, test->screen.rows[0], &from);
	screen_arrange(&test->screen);
	type(test, "\r");
	expect(test, "\\x1b[2J\\xc3(\\x0a (1001)", true);
	expect(test, "\\x1b]0;owned\\x07<b>", true);
	expect(test, "\\u{202e}txet\u5bbd\u540d\u0301\u0301\\u{301}", true);
	/* Long names can be seen to their end. */
	expect(test, "T+", false);
	for (int i = 0; i < 1300; i++)
		screen_key(&test->screen, TOP_RIGHT);
	free(draw(test));
	for (int i = 0; i < 1300; i++)
		screen_key(&test->screen, TOP_LEFT);
	expect(test, "\\x1b]0;owned\\x07<b>", true);
	test->screen.utf8 = false;
	expect(test, "txet\\u{5bbd}", true);
	expect(test, "remember request.c:10 <- hand", true);
	free(longest);
}

static void help_names_every_key(void **state)
{
	struct test *test = *state;

	screen_resize(&test->screen, 24, 80);
	type(test, "?");
	for (size_t i = 0; i < n_key_rows; i++) {
		if (key_rows[i].shown)
			expect(test, key_rows[i].help, true);
	}
	type(test, "x");
	expect(test, "Keys of memtrace top", false);
	/* It can be gone through where it does not fit. */
	screen_resize(&test->screen, 5, 80);
	type(test, "h");
	expect(test, "Keys of memtrace top", true);
	for (int i = 0; i < 100; i++)
		screen_key(&test->screen, TOP_DOWN);
	expect(test, "end; the process goes on", true);
	for (int i = 0; i < 100; i++)
		screen_key(&test->screen, TOP_UP);
	expect(test, "Keys of memtrace top", true);
}

static void no_key_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_key_rows * KEYS_OF_ROW_MAX; i++) {
		uint32_t key = key_rows[i / KEYS_OF_ROW_MAX].keys[i % KEYS_OF_ROW_MAX];

		for (size_t j = 0; j < i && key; j++)
			assert_int_not_equal(key, key_rows[j / KEYS_OF_ROW_MAX].keys[j % KEYS_OF_ROW_MAX]);
	}
}

static void fits_any_size(void **state)
{
	struct test *test = *state;

	update(test, 12, second_rows, 3);
	type(test, "m");
	screen_key(&test->screen, TOP_DOWN);
	type(test, "\r");
	screen_tell(&test->screen, false, "a message");
	for (int mode = 0; mode < 3; mode++) {
		for (size_t lines = 0; lines < 14; lines++) {
			for (size_t columns = 0; columns < 130; columns += columns < 40 ? 1 : 7) {
				screen_resize(&test->screen, lines, columns);
				free(draw(test));
				assert_int_equal(test->page.n_lines, lines);
			}
		}
		type(test, mode == 0 ? "?" : mode == 1 ? "x/a long text to search for" : "\r");
	}
}

/* Whatever is pressed, the cursor is on a stack, and on the screen. */
static void any_keys_do_no_harm(void **state)
{
	static const uint32_t others[] = {TOP_UP,   TOP_DOWN,  TOP_PAGE_UP, TOP_PAGE_DOWN, TOP_FIRST, TOP_LAST,
	                                  TOP_LEFT, TOP_RIGHT, TOP_ERASE,   TOP_ESCAPE,    '\r',      TOP_RESIZED};
	struct test *test = *state;
	struct screen *screen = &test->screen;
	unsigned int seed = 7;

	for (int i = 0; i < MONKEY_KEYS; i++) {
		size_t n = 0;

		screen_key(screen,
		           rand_r(&seed) % 2 ? others[(size_t)rand_r(&seed) % 12] : (uint32_t)(rand_r(&seed) % 0x180));
		screen_take_wishes(screen);
		if (rand_r(&seed) % 50 == 0)
			screen_resize(screen, (size_t)rand_r(&seed) % 30, (size_t)rand_r(&seed) % 120);
		if (rand_r(&seed) % 20 == 0)
			update(test, (uint64_t)(20 + i), rand_r(&seed) % 2 ? first_rows : second_rows,
			       (size_t)rand_r(&seed) % 4);
		free(draw(test));
		assert_true(!screen->n_rows || screen->cursor_row < screen->n_rows);
		for (size_t line = 0; line < test->page.n_lines; line++)
			n += test->page.lines[line].chosen;
		if (screen->mode != MODE_HELP)
			assert_int_equal(n, screen->n_rows && screen->list_lines ? 1 : 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(shows_exact_sums),
	    TEST(orders_by_each_key),
	    TEST(growing_stacks_come_first),
	    TEST(cursor_stays_on_its_stack),
	    TEST(expands_the_stack_under_the_cursor),
	    TEST(searches),
	    TEST(search_takes_any_character),
	    TEST(shows_the_change_since_a_moment),
	    TEST(asks_for_what_keys_mean),
	    TEST(asks_where_to_record),
	    TEST(says_that_the_target_has_ended),
	    TEST(says_what_was_lost),
	    TEST(names_do_no_harm),
	    TEST(help_names_every_key),
	    cmocka_unit_test(no_key_stands_twice),
	    TEST(fits_any_size),
	    TEST(any_keys_do_no_harm),
	};

	top_utf8();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

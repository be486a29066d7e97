// SPDX-License-Identifier: GPL-2.0-or-later
/* Which stacks are watched, what is known of them, and how many there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "top/watch.h"
#include "unit/top_fixture.h"

static void update(struct watch *watch, uint64_t seconds, const struct top_row *rows, size_t n)
{
	struct snapshot *snapshot = top_snapshot(2, seconds, rows, n);

	assert_int_equal(watch_update(watch, snapshot), 0);
	snapshot_free(snapshot);
}

/* The one with that first address; NULL: none. */
static struct watched *find(const struct watch *watch, uint64_t from)
{
	for (size_t i = 0; i < watch->n_stacks; i++) {
		if (watch->stacks[i]->stack.addresses[0] == from)
			return watch->stacks[i];
	}
	return NULL;
}

static void follows_each_stack(void **state)
{
	const struct top_row first[] = {{0, 16, 1, 100}, {0, 32, 2, 100}, {1, 16, 3, 100}};
	const struct top_row second[] = {{1, 16, 4, 100}, {0, 8, 9, 100}, {0, 16, 2, 100}};
	struct watch *watch = watch_new(TOP_MEMORY);
	uint64_t number;

	(void)state;
	update(watch, 1, first, 3);
	assert_int_equal(watch->n_stacks, 3);
	number = find(watch, 16)->number;
	update(watch, 2, second, 3);
	assert_int_equal(watch->n_stacks, 3);
	assert_null(find(watch, 32));
	assert_int_equal(find(watch, 16)->number, number);
	assert_int_equal(find(watch, 16)->n_courses, 2);
	assert_int_equal(find(watch, 16)->courses[0], 100);
	assert_int_equal(find(watch, 16)->courses[1], 200);
	assert_int_equal(find(watch, 16)->stack.growth_bytes, 100);
	/* It was not there before. */
	assert_int_equal(find(watch, 8)->n_courses, 2);
	assert_int_equal(find(watch, 8)->courses[0], 0);
	assert_int_equal(find(watch, 8)->courses[1], 900);
	assert_int_equal(watched_process(watch, watch->stacks[2])->pid, 1002);
	watch_free(watch);
}

static void course_is_bounded(void **state)
{
	struct watch *watch = watch_new(TOP_MEMORY);

	(void)state;
	for (uint64_t i = 1; i <= 3 * SPARKLINE_MAX; i++)
		update(watch, i, (const struct top_row[]){{0, 16, i, 1}}, 1);
	assert_int_equal(find(watch, 16)->n_courses, SPARKLINE_MAX);
	assert_int_equal(find(watch, 16)->courses[0], 2 * SPARKLINE_MAX + 1);
	assert_int_equal(find(watch, 16)->courses[SPARKLINE_MAX - 1], 3 * SPARKLINE_MAX);
	watch_free(watch);
}

static void shows_the_change_since_a_moment(void **state)
{
	const struct top_row first[] = {{0, 16, 5, 100}, {0, 32, 2, 100}, {0, 48, 3, 100}};
	const struct top_row second[] = {{0, 16, 1, 100}, {0, 48, 3, 100}, {0, 64, 4, 10}};
	struct watch *watch = watch_new(TOP_MEMORY);

	(void)state;
	update(watch, 1, first, 3);
	assert_int_equal(watched_change_bytes(watch, find(watch, 16)), 0);
	watch_mark(watch, true);
	for (int again = 0; again < 2; again++) {
		update(watch, 2, second, 3);
		assert_int_equal(watch->n_stacks, 4);
		assert_int_equal(watched_change_bytes(watch, find(watch, 16)), -400);
		assert_int_equal(watched_change_blocks(watch, find(watch, 16)), -4);
		/* Of this one nothing is live any more, of that nothing was. */
		assert_int_equal(watched_change_bytes(watch, find(watch, 32)), -200);
		assert_int_equal(find(watch, 32)->stack.usage.live_bytes, 0);
		assert_int_equal(watched_change_bytes(watch, find(watch, 48)), 0);
		assert_int_equal(watched_change_bytes(watch, find(watch, 64)), 40);
	}
	update(watch, 3, first, 3);
	assert_int_equal(watched_change_bytes(watch, find(watch, 32)), 0);
	update(watch, 4, second, 3);
	watch_mark(watch, false);
	assert_int_equal(watched_change_bytes(watch, find(watch, 16)), 0);
	update(watch, 5, second, 3);
	assert_null(find(watch, 32));
	watch_free(watch);
}

static void forgets_what_a_lost_process_had(void **state)
{
	struct snapshot *snapshot = top_snapshot(2, 1, (const struct top_row[]){{0, 16, 1, 1}, {1, 32, 1, 1}}, 2);
	struct watch *watch = watch_new(TOP_MEMORY);

	(void)state;
	assert_int_equal(watch_update(watch, snapshot), 0);
	snapshot_free(snapshot);
	watch_mark(watch, true);
	snapshot = top_snapshot(1, 2, NULL, 0);
	assert_int_equal(watch_update(watch, snapshot), 0);
	snapshot_free(snapshot);
	assert_int_equal(watch->n_stacks, 1);
	assert_non_null(find(watch, 16));
	watch_free(watch);
}

static void keeps_the_largest_where_there_is_no_room(void **state)
{
	struct watch *watch = watch_new(TOP_MEMORY), *none = watch_new(0);
	struct top_row rows[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		rows[i] = (struct top_row){0, 16 * (i + 1), 1, i < 50 ? 10 : 20 + i};
	watch->max_stacks = 60;
	update(watch, 1, rows, 100);
	assert_int_equal(watch->n_stacks, 60);
	assert_int_equal(watch->n_left_out, 40);
	for (size_t i = 50; i < 100; i++)
		assert_non_null(find(watch, rows[i].from));
	watch->max_stacks = 100;
	update(watch, 2, rows, 100);
	assert_int_equal(watch->n_stacks, 100);
	assert_int_equal(watch->n_left_out, 0);
	update(none, 1, rows, 100);
	assert_int_equal(none->n_stacks, 0);
	assert_int_equal(none->n_left_out, 100);
	watch_free(watch);
	watch_free(none);
}

static void takes_frames_over_as_long_as_there_is_room(void **state)
{
	struct watch *watch = watch_new(TOP_MEMORY);
	struct stack from = {.n_frames = 2}, many = {.n_frames = 2};
	const struct top_row rows[] = {{0, 16, 1, 1}, {0, 32, 1, 1}};

	(void)state;
	from.frames = calloc(2, sizeof(*from.frames));
	many.frames = calloc(2, sizeof(*many.frames));
	watch->max_frames = 3;
	update(watch, 1, rows, 2);
	assert_true(watched_is_unnamed(find(watch, 16)));
	watch_take_frames(watch, find(watch, 16), &from);
	assert_null(from.frames);
	assert_false(watched_is_unnamed(find(watch, 16)));
	/* It is not asked for again. */
	watch_take_frames(watch, find(watch, 32), &many);
	assert_non_null(many.frames);
	assert_false(watched_is_unnamed(find(watch, 32)));
	update(watch, 2, rows, 2);
	assert_int_equal(find(watch, 16)->stack.n_frames, 2);
	assert_int_equal(watch->n_frames, 2);
	update(watch, 3, rows + 1, 1);
	assert_int_equal(watch->n_frames, 0);
	free(many.frames);
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_each_stack),
	    cmocka_unit_test(course_is_bounded),
	    cmocka_unit_test(shows_the_change_since_a_moment),
	    cmocka_unit_test(forgets_what_a_lost_process_had),
	    cmocka_unit_test(keeps_the_largest_where_there_is_no_room),
	    cmocka_unit_test(takes_frames_over_as_long_as_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

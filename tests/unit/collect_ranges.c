// SPDX-License-Identifier: GPL-2.0-or-later
/* Mapped ranges: every rule of collect/ranges.h by itself. At random: collect_ranges_random.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ranges_list.h"

#define PAGE 4096ULL
#define STACKS 8
#define NODE 3

/* Threads. */
enum { ONE = 101, TWO = 102 };

struct world {
	struct ranges *ranges;
	struct usage usage[STACKS];
};

struct piece {
	uint64_t start, end; /* pages */
	uint32_t stack;
};

static struct usage *of_stack(void *context, uint32_t stack)
{
	struct world *world = context;

	return stack < STACKS ? &world->usage[stack] : NULL;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct ranges_stats stats = {.of_stack = of_stack, .context = world};

	world->ranges = ranges_new(&stats);
	*state = world;
	return world->ranges ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	ranges_free(world->ranges);
	free(world);
	return 0;
}

/* Of each stack the bytes that are mapped are those allocated less those freed, and ranges are in order. */
static void assert_sums(const struct world *world)
{
	uint64_t live[STACKS] = {0}, last = 0;
	size_t n;
	const struct range *all = ranges_all(world->ranges, &n);

	for (size_t i = 0; i < n; i++) {
		assert_true(all[i].start >= last && all[i].end > all[i].start && all[i].stack < STACKS);
		live[all[i].stack] += all[i].end - all[i].start;
		last = all[i].end;
	}
	for (size_t i = 0; i < STACKS; i++) {
		assert_int_equal(live[i], world->usage[i].alloc_bytes - world->usage[i].free_bytes);
		assert_true(world->usage[i].free_count <= world->usage[i].alloc_count);
	}
}

static void assert_pieces(const struct world *world, const struct piece *pieces, size_t n_pieces)
{
	size_t n;
	const struct range *all = ranges_all(world->ranges, &n);

	assert_sums(world);
	assert_int_equal(n, n_pieces);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(all[i].start, pieces[i].start * PAGE);
		assert_int_equal(all[i].end, pieces[i].end * PAGE);
		assert_int_equal(all[i].stack, pieces[i].stack);
		assert_int_equal(all[i].node, NODE);
	}
}

/* The ranges are these: {first page, page behind the last, stack}, … */
#define ASSERT_RANGES(world, ...) \
	do { \
		static const struct piece expected[] = {__VA_ARGS__}; \
		assert_pieces(world, expected, sizeof(expected) / sizeof(expected[0])); \
	} while (0)

#define ASSERT_NO_RANGES(world) assert_pieces(world, NULL, 0)

static void assert_usage(const struct world *world, uint32_t stack, uint64_t alloc_pages, uint64_t alloc_count,
                         uint64_t free_pages, uint64_t free_count)
{
	const struct usage *usage = &world->usage[stack];

	assert_int_equal(usage->alloc_bytes, alloc_pages * PAGE);
	assert_int_equal(usage->alloc_count, alloc_count);
	assert_int_equal(usage->free_bytes, free_pages * PAGE);
	assert_int_equal(usage->free_count, free_count);
}

static int64_t map(struct world *world, uint64_t first, uint64_t end, uint32_t stack)
{
	int64_t replaced = ranges_map(world->ranges, first * PAGE, end * PAGE, stack, NODE, 1000 + first);

	return replaced < 0 ? replaced : replaced / (int64_t)PAGE;
}

static void take(struct world *world, uint32_t thread, uint64_t first, uint64_t end)
{
	assert_int_equal(ranges_take(world->ranges, thread, first * PAGE, end * PAGE), 0);
}

static void restore(struct world *world, uint32_t thread)
{
	assert_int_equal(ranges_restore(world->ranges, thread), 0);
}

static void move(struct world *world, uint32_t thread, uint64_t first, uint64_t pages, int keep_old)
{
	assert_int_equal(ranges_move(world->ranges, thread, first * PAGE, pages * PAGE, keep_old, 9000), 0);
}

static void maps(void **state)
{
	struct world *world = *state;
	size_t n;

	ASSERT_NO_RANGES(world);
	assert_int_equal(map(world, 20, 24, 1), 0);
	assert_int_equal(map(world, 10, 12, 2), 0);
	assert_int_equal(map(world, 12, 13, 1), 0);
	/* Neighbours of one stack are still two blocks. */
	assert_int_equal(map(world, 13, 14, 1), 0);
	ASSERT_RANGES(world, {10, 12, 2}, {12, 13, 1}, {13, 14, 1}, {20, 24, 1});
	assert_usage(world, 1, 6, 3, 0, 0);
	assert_usage(world, 2, 2, 1, 0, 0);
	assert_int_equal(ranges_all(world->ranges, &n)[3].time_ns, 1020);
	assert_int_equal(map(world, 10, 10, 1), -EINVAL);
	assert_int_equal(map(world, 10, 9, 1), -EINVAL);
}

static void unmaps_whole(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	take(world, ONE, 10, 14);
	ASSERT_NO_RANGES(world);
	assert_usage(world, 1, 4, 1, 4, 1);
	/* What is not mapped costs nothing. */
	take(world, ONE, 10, 14);
	assert_usage(world, 1, 4, 1, 4, 1);
}

static void unmaps_head_and_tail(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	take(world, ONE, 8, 12);
	take(world, ONE, 19, 22);
	ASSERT_RANGES(world, {12, 19, 1});
	assert_usage(world, 1, 10, 1, 3, 0);
	take(world, ONE, 12, 19);
	assert_usage(world, 1, 10, 1, 10, 1);
}

static void unmaps_the_middle(void **state)
{
	struct world *world = *state;
	size_t n;

	map(world, 10, 20, 1);
	take(world, ONE, 13, 15);
	ASSERT_RANGES(world, {10, 13, 1}, {15, 20, 1});
	assert_usage(world, 1, 10, 1, 2, 0);
	/* Both are as old as their mapping. */
	assert_int_equal(ranges_all(world->ranges, &n)[1].time_ns, 1010);
	/* The mapping is gone with its last part. */
	take(world, ONE, 10, 13);
	assert_usage(world, 1, 10, 1, 5, 0);
	take(world, ONE, 15, 20);
	assert_usage(world, 1, 10, 1, 10, 1);
	ASSERT_NO_RANGES(world);
}

static void unmaps_over_several(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	map(world, 14, 16, 2);
	map(world, 20, 24, 3);
	map(world, 24, 30, 1);
	take(world, ONE, 12, 26);
	ASSERT_RANGES(world, {10, 12, 1}, {26, 30, 1});
	assert_usage(world, 1, 10, 2, 4, 0);
	assert_usage(world, 2, 2, 1, 2, 1);
	assert_usage(world, 3, 4, 1, 4, 1);
}

static void unmaps_for_good(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	assert_int_equal(ranges_unmap(world->ranges, 12 * PAGE, 13 * PAGE), 0);
	ASSERT_RANGES(world, {10, 12, 1}, {13, 20, 1});
	assert_int_equal(ranges_restore(world->ranges, ONE), -ENOENT);
	assert_int_equal(ranges_unmap(world->ranges, 13 * PAGE, 12 * PAGE), 0);
	ASSERT_RANGES(world, {10, 12, 1}, {13, 20, 1});
}

static void replaces_by_a_fixed_mapping(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	assert_int_equal(map(world, 12, 14, 2), 2);
	ASSERT_RANGES(world, {10, 12, 1}, {12, 14, 2}, {14, 20, 1});
	assert_usage(world, 1, 10, 1, 2, 0);
	/* Over parts of three. */
	assert_int_equal(map(world, 11, 15, 3), 4);
	ASSERT_RANGES(world, {10, 11, 1}, {11, 15, 3}, {15, 20, 1});
	assert_usage(world, 2, 2, 1, 2, 1);
	/* Over itself, exactly. */
	assert_int_equal(map(world, 11, 15, 3), 4);
	assert_usage(world, 3, 8, 2, 4, 1);
	assert_int_equal(map(world, 0, 40, 4), 10);
	ASSERT_RANGES(world, {0, 40, 4});
	assert_usage(world, 1, 10, 1, 10, 1);
}

static void restores_a_failed_unmapping(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	map(world, 20, 24, 2);
	/* A middle, joined with both; then a head and a tail, and a whole block. */
	take(world, ONE, 12, 14);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1}, {20, 24, 2});
	take(world, ONE, 8, 12);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1}, {20, 24, 2});
	take(world, ONE, 18, 30);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1}, {20, 24, 2});
	take(world, ONE, 10, 20);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1}, {20, 24, 2});
	assert_usage(world, 1, 10, 1, 0, 0);
	assert_usage(world, 2, 4, 1, 0, 0);
	/* It is restored once. */
	assert_int_equal(ranges_restore(world->ranges, ONE), -ENOENT);
	ASSERT_RANGES(world, {10, 20, 1}, {20, 24, 2});
}

static void restores_a_mapping_with_holes(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	take(world, ONE, 14, 16);
	take(world, ONE, 10, 20);
	assert_usage(world, 1, 10, 1, 10, 1);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 14, 1}, {16, 20, 1});
	assert_usage(world, 1, 10, 1, 2, 0);
}

static void restores_an_unaligned_call(void **state)
{
	struct world *world = *state;

	/* The kernel says EINVAL to these; nothing may be left behind of them. */
	map(world, 10, 20, 1);
	assert_int_equal(ranges_take(world->ranges, ONE, 12 * PAGE + 8, 13 * PAGE + 8), 0);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1});
	assert_int_equal(ranges_take(world->ranges, ONE, 12 * PAGE, 12 * PAGE), 0);
	ASSERT_RANGES(world, {10, 20, 1});
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1});
	/* A length that wraps around. */
	assert_int_equal(ranges_take(world->ranges, ONE, 12 * PAGE, PAGE), 0);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1});
	assert_int_equal(ranges_take(world->ranges, ONE, 0, UINT64_MAX), 0);
	ASSERT_NO_RANGES(world);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1});
	assert_usage(world, 1, 10, 1, 0, 0);
}

static void keeps_what_was_mapped_over_a_failed_one(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	take(world, ONE, 11, 19);
	map(world, 12, 13, 2);
	map(world, 15, 16, 3);
	map(world, 18, 22, 4); /* over its end, and over the part that was not taken */
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 12, 1}, {12, 13, 2}, {13, 15, 1}, {15, 16, 3}, {16, 18, 1}, {18, 22, 4});
	assert_usage(world, 1, 10, 1, 4, 0);
	/* All of it. */
	take(world, ONE, 10, 12);
	map(world, 10, 12, 5);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 12, 5}, {12, 13, 2}, {13, 15, 1}, {15, 16, 3}, {16, 18, 1}, {18, 22, 4});
}

static void threads_do_not_meddle(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	take(world, ONE, 10, 12);
	take(world, TWO, 18, 20);
	assert_usage(world, 1, 10, 1, 4, 0);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 18, 1});
	take(world, ONE, 10, 18);
	assert_usage(world, 1, 10, 1, 10, 1);
	restore(world, TWO);
	ASSERT_RANGES(world, {18, 20, 1});
	assert_usage(world, 1, 10, 1, 8, 0);
	/* A thread's next call ends its last one. */
	take(world, ONE, 40, 41);
	restore(world, ONE);
	ASSERT_RANGES(world, {18, 20, 1});
	assert_int_equal(ranges_restore(world->ranges, TWO), -ENOENT);
	assert_int_equal(ranges_move(world->ranges, TWO, PAGE, PAGE, 0, 1), -ENOENT);
}

static void forgets_the_calls_of_many_threads(void **state)
{
	struct world *world = *state;

	/* Each unmaps once and ends. What a thread took lately is known still. */
	for (uint32_t i = 0; i < 100000; i++) {
		map(world, 10, 11, 1);
		take(world, 1000 + i, 10, 11);
	}
	assert_usage(world, 1, 100000, 100000, 100000, 100000);
	restore(world, 1000 + 99999);
	ASSERT_RANGES(world, {10, 11, 1});
	assert_int_equal(ranges_restore(world->ranges, 1000), -ENOENT);
	ASSERT_RANGES(world, {10, 11, 1});
}

static void note_stack(void *context, uint32_t stack)
{
	*(unsigned int *)context |= 1U << stack;
}

static unsigned int stacks_of(const struct world *world)
{
	unsigned int stacks = 0;

	ranges_each_stack(world->ranges, note_stack, &stacks);
	return stacks;
}

/* A stack is of use for as long as what was mapped there can come back. */
static void tells_the_stacks_of_what_may_come_back(void **state)
{
	struct world *world = *state;

	assert_int_equal(stacks_of(world), 0);
	map(world, 10, 12, 1);
	map(world, 12, 14, 3);
	map(world, 20, 21, 5);
	take(world, ONE, 11, 14);
	assert_usage(world, 3, 2, 1, 2, 1);
	assert_int_equal(stacks_of(world), 1 << 1 | 1 << 3 | 1 << 5);
	take(world, ONE, 20, 21);
	assert_int_equal(stacks_of(world), 1 << 1 | 1 << 5);
	ranges_clear(world->ranges);
	assert_int_equal(stacks_of(world), 0);
}

static void remaps_in_place(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	take(world, ONE, 10, 14);
	move(world, ONE, 10, 18, 0); /* grows */
	ASSERT_RANGES(world, {10, 28, 1});
	assert_usage(world, 1, 18, 1, 0, 0);
	take(world, ONE, 10, 28);
	move(world, ONE, 10, 3, 0); /* shrinks */
	ASSERT_RANGES(world, {10, 13, 1});
	assert_usage(world, 1, 18, 1, 15, 0);
	take(world, ONE, 10, 13);
	move(world, ONE, 10, 3, 0); /* neither */
	ASSERT_RANGES(world, {10, 13, 1});
	assert_usage(world, 1, 18, 1, 15, 0);
	take(world, ONE, 10, 13);
	assert_usage(world, 1, 18, 1, 18, 1);
}

static void remaps_a_part(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	/* The tail grows with its mapping; a middle shrinks and leaves a hole. */
	take(world, ONE, 16, 20);
	move(world, ONE, 16, 6, 0);
	ASSERT_RANGES(world, {10, 22, 1});
	take(world, ONE, 12, 16);
	move(world, ONE, 12, 2, 0);
	ASSERT_RANGES(world, {10, 14, 1}, {16, 22, 1});
	assert_usage(world, 1, 12, 1, 2, 0);
	/* A part elsewhere is a block of the same mapping. */
	take(world, ONE, 16, 17);
	move(world, ONE, 40, 3, 0);
	ASSERT_RANGES(world, {10, 14, 1}, {17, 22, 1}, {40, 43, 1});
	assert_usage(world, 1, 14, 1, 2, 0);
	take(world, ONE, 10, 14);
	take(world, ONE, 17, 22);
	assert_usage(world, 1, 14, 1, 11, 0);
	take(world, ONE, 40, 43);
	assert_usage(world, 1, 14, 1, 14, 1);
}

static void remaps_elsewhere(void **state)
{
	struct world *world = *state;
	size_t n;

	map(world, 10, 14, 1);
	take(world, ONE, 10, 14);
	assert_usage(world, 1, 4, 1, 4, 1);
	move(world, ONE, 30, 8, 0);
	ASSERT_RANGES(world, {30, 38, 1});
	assert_usage(world, 1, 8, 1, 0, 0);
	/* It is as old as before. */
	assert_int_equal(ranges_all(world->ranges, &n)[0].time_ns, 1010);
	take(world, ONE, 30, 38);
	move(world, ONE, 20, 2, 0);
	ASSERT_RANGES(world, {20, 22, 1});
	assert_usage(world, 1, 8, 1, 6, 0);
	/* Overlapping its old place. */
	take(world, ONE, 20, 22);
	move(world, ONE, 21, 2, 0);
	ASSERT_RANGES(world, {21, 23, 1});
	assert_usage(world, 1, 8, 1, 6, 0);
}

static void remaps_over_others(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	map(world, 30, 32, 2);
	map(world, 32, 40, 3);
	take(world, ONE, 10, 14);
	move(world, ONE, 31, 4, 0);
	ASSERT_RANGES(world, {30, 31, 2}, {31, 35, 1}, {35, 40, 3});
	assert_usage(world, 1, 4, 1, 0, 0);
	assert_usage(world, 2, 2, 1, 1, 0);
	assert_usage(world, 3, 8, 1, 3, 0);
	/* Over a part of its own mapping. */
	take(world, ONE, 31, 32);
	move(world, ONE, 33, 1, 0);
	ASSERT_RANGES(world, {30, 31, 2}, {32, 33, 1}, {33, 34, 1}, {34, 35, 1}, {35, 40, 3});
	assert_usage(world, 1, 4, 1, 1, 0);
	/* Over all that is left of it. */
	take(world, ONE, 32, 33);
	move(world, ONE, 33, 2, 0);
	ASSERT_RANGES(world, {30, 31, 2}, {33, 35, 1}, {35, 40, 3});
	assert_usage(world, 1, 5, 1, 3, 0);
}

/* A part that was moved is a block of its own, wherever that may be; one that comes back is none any more. */
static void moved_parts_join_where_they_came_from(void **state)
{
	struct world *world = *state;

	map(world, 10, 16, 1);
	take(world, ONE, 14, 16);
	move(world, ONE, 8, 2, 0);
	ASSERT_RANGES(world, {8, 10, 1}, {10, 14, 1});
	take(world, ONE, 8, 10);
	restore(world, ONE);
	ASSERT_RANGES(world, {8, 10, 1}, {10, 14, 1});
	/* The other one after it, by the same way; and both back. */
	take(world, ONE, 10, 14);
	move(world, ONE, 4, 4, 0);
	ASSERT_RANGES(world, {4, 10, 1});
	take(world, ONE, 8, 10);
	move(world, ONE, 14, 2, 0);
	ASSERT_RANGES(world, {4, 8, 1}, {14, 16, 1});
	take(world, ONE, 4, 8);
	move(world, ONE, 10, 4, 0);
	ASSERT_RANGES(world, {10, 16, 1});
	assert_usage(world, 1, 6, 1, 0, 0);
}

static void remaps_several_blocks(void **state)
{
	struct world *world = *state;

	/* The kernel joins neighbours to one area, which one call can move. */
	map(world, 10, 12, 1);
	map(world, 12, 14, 2);
	map(world, 16, 18, 3);
	take(world, ONE, 11, 18);
	move(world, ONE, 31, 9, 0);
	ASSERT_RANGES(world, {10, 11, 1}, {31, 32, 1}, {32, 34, 2}, {36, 40, 3});
	assert_usage(world, 1, 2, 1, 0, 0);
	assert_usage(world, 2, 2, 1, 0, 0);
	assert_usage(world, 3, 4, 1, 0, 0);
	take(world, ONE, 31, 40);
	move(world, ONE, 50, 2, 0);
	ASSERT_RANGES(world, {10, 11, 1}, {50, 51, 1}, {51, 52, 2});
	assert_usage(world, 2, 2, 1, 1, 0);
	assert_usage(world, 3, 4, 1, 4, 1);
}

static void remaps_what_is_not_known(void **state)
{
	struct world *world = *state;

	/* It was mapped before memtrace looked: it stays unknown, and what it lands on is gone. */
	map(world, 30, 34, 1);
	take(world, ONE, 10, 14);
	move(world, ONE, 31, 2, 0);
	ASSERT_RANGES(world, {30, 31, 1}, {33, 34, 1});
	take(world, ONE, 10, 14);
	move(world, ONE, 40, 4, 1);
	ASSERT_RANGES(world, {30, 31, 1}, {33, 34, 1});
	/* Its end is: it grows with it. */
	take(world, ONE, 32, 34);
	move(world, ONE, 32, 5, 0);
	ASSERT_RANGES(world, {30, 31, 1}, {33, 37, 1});
	/* Its end is not. */
	take(world, ONE, 33, 38);
	move(world, ONE, 33, 7, 0);
	ASSERT_RANGES(world, {30, 31, 1}, {33, 37, 1});
}

static void failed_remap_changes_nothing(void **state)
{
	struct world *world = *state;

	map(world, 10, 20, 1);
	take(world, ONE, 12, 14);
	restore(world, ONE);
	ASSERT_RANGES(world, {10, 20, 1});
	assert_usage(world, 1, 10, 1, 0, 0);
}

static void keeps_the_old_range(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	map(world, 30, 31, 2);
	take(world, ONE, 10, 14);
	move(world, ONE, 30, 4, 1);
	ASSERT_RANGES(world, {10, 14, 1}, {30, 34, 1});
	assert_usage(world, 1, 8, 2, 0, 0);
	assert_usage(world, 2, 1, 1, 1, 1);
	take(world, ONE, 10, 14);
	assert_usage(world, 1, 8, 2, 4, 1);
	take(world, ONE, 30, 34);
	assert_usage(world, 1, 8, 2, 8, 2);
	/* Of a part. */
	map(world, 10, 14, 1);
	take(world, ONE, 11, 13);
	move(world, ONE, 40, 2, 1);
	ASSERT_RANGES(world, {10, 14, 1}, {40, 42, 1});
}

static void doubles_by_an_old_length_of_0(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	take(world, ONE, 10, 10);
	move(world, ONE, 30, 4, 0);
	ASSERT_RANGES(world, {10, 14, 1}, {30, 34, 1});
	assert_usage(world, 1, 8, 2, 0, 0);
	/* From its middle on. */
	take(world, ONE, 12, 12);
	ASSERT_RANGES(world, {10, 14, 1}, {30, 34, 1});
	move(world, ONE, 40, 2, 0);
	ASSERT_RANGES(world, {10, 14, 1}, {30, 34, 1}, {40, 42, 1});
	/* Of nothing known: behind the last page, and where nothing is. */
	take(world, ONE, 14, 14);
	move(world, ONE, 50, 2, 0);
	take(world, ONE, 100, 100);
	move(world, ONE, 50, 2, 0);
	ASSERT_RANGES(world, {10, 14, 1}, {30, 34, 1}, {40, 42, 1});
}

static void follows_the_break(void **state)
{
	struct world *world = *state;
	size_t n;

	/* Not in whole pages; shrinking takes from the newest. */
	assert_int_equal(ranges_map(world->ranges, 100000, 100100, 1, NODE, 1), 0);
	assert_int_equal(ranges_map(world->ranges, 100100, 100400, 2, NODE, 2), 0);
	assert_int_equal(ranges_map(world->ranges, 100400, 100500, 1, NODE, 3), 0);
	assert_int_equal(ranges_unmap(world->ranges, 100300, 100500), 0);
	assert_sums(world);
	assert_int_equal(world->usage[1].free_bytes, 100);
	assert_int_equal(world->usage[1].free_count, 1);
	assert_int_equal(world->usage[2].free_bytes, 100);
	assert_int_equal(world->usage[2].free_count, 0);
	/* Below where it stood when memtrace came. */
	assert_int_equal(ranges_unmap(world->ranges, 50000, 100300), 0);
	ranges_all(world->ranges, &n);
	assert_int_equal(n, 0);
	assert_sums(world);
	assert_int_equal(world->usage[1].free_count, 2);
	assert_int_equal(world->usage[2].free_count, 1);
}

static void clears(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	map(world, 20, 24, 1);
	take(world, ONE, 10, 12);
	ranges_clear(world->ranges);
	memset(world->usage, 0, sizeof(world->usage));
	ASSERT_NO_RANGES(world);
	assert_int_equal(ranges_restore(world->ranges, ONE), -ENOENT);
	map(world, 10, 14, 1);
	ASSERT_RANGES(world, {10, 14, 1});
	ranges_free(NULL);
}

static void says_when_a_stack_has_no_room(void **state)
{
	struct world *world = *state;

	map(world, 10, 14, 1);
	/* What it replaced is gone nevertheless. */
	assert_int_equal(map(world, 12, 16, STACKS), -ENOMEM);
	ASSERT_RANGES(world, {10, 12, 1});
}

/* More ranges than are made room for at first, in several orders. */
static void many(void **state)
{
	struct world *world = *state;
	enum { N = 5000 };
	size_t n;

	for (uint64_t i = 0; i < N; i++)
		map(world, 2 * (i * 1009 % N), 2 * (i * 1009 % N) + 1, i % STACKS);
	assert_sums(world);
	ranges_all(world->ranges, &n);
	assert_int_equal(n, N);
	/* A queue that wanders down, then up. */
	for (uint64_t i = 0; i < 10 * N; i++) {
		map(world, 100 * N - 2 * i, 100 * N - 2 * i + 1, 1);
		take(world, ONE, 100 * N - 2 * i + 20, 100 * N - 2 * i + 21);
	}
	ranges_all(world->ranges, &n);
	assert_int_equal(n, N + 10);
	assert_sums(world);
	for (uint64_t i = 0; i < 10 * N; i++) {
		map(world, 200 * N + 2 * i, 200 * N + 2 * i + 1, 1);
		take(world, ONE, 200 * N + 2 * i - 20, 200 * N + 2 * i - 19);
	}
	ranges_all(world->ranges, &n);
	assert_int_equal(n, N + 20);
	assert_sums(world);
	take(world, ONE, 0, 1000 * N);
	ASSERT_NO_RANGES(world);
	restore(world, ONE);
	ranges_all(world->ranges, &n);
	assert_int_equal(n, N + 20);
	assert_sums(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(maps),
	    TEST(unmaps_whole),
	    TEST(unmaps_head_and_tail),
	    TEST(unmaps_the_middle),
	    TEST(unmaps_over_several),
	    TEST(unmaps_for_good),
	    TEST(replaces_by_a_fixed_mapping),
	    TEST(restores_a_failed_unmapping),
	    TEST(restores_a_mapping_with_holes),
	    TEST(restores_an_unaligned_call),
	    TEST(keeps_what_was_mapped_over_a_failed_one),
	    TEST(threads_do_not_meddle),
	    TEST(forgets_the_calls_of_many_threads),
	    TEST(tells_the_stacks_of_what_may_come_back),
	    TEST(remaps_in_place),
	    TEST(remaps_a_part),
	    TEST(remaps_elsewhere),
	    TEST(remaps_over_others),
	    TEST(moved_parts_join_where_they_came_from),
	    TEST(remaps_several_blocks),
	    TEST(remaps_what_is_not_known),
	    TEST(failed_remap_changes_nothing),
	    TEST(keeps_the_old_range),
	    TEST(doubles_by_an_old_length_of_0),
	    TEST(follows_the_break),
	    TEST(clears),
	    TEST(says_when_a_stack_has_no_room),
	    TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/aggregate.h"
#include "analyze/select.h"
#include "unit/sample_snapshot.h"

/* Stacks are told apart by their only address. */
struct row {
	uint64_t address, live_blocks, size, oldest_ns;
	size_t process;
};

static const struct row rows[] = {
    {0x10, 2, 50, 400, 0}, {0x20, 1, 300, 100, 0}, {0x30, 10, 10, 300, 0},
    {0x40, 0, 0, 0, 0},    {0x50, 1, 1, 900, 1},   {0x60, 1, 2, 800, 1},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct snapshot *make(void)
{
	struct snapshot *snapshot = sample_new(2, N_ROWS, 1);

	for (size_t i = 0; i < N_ROWS; i++) {
		struct stack *stack = &snapshot->stacks[i];

		stack->process = rows[i].process;
		stack->oldest_ns = rows[i].oldest_ns;
		sample_usage(stack, rows[i].live_blocks, rows[i].size);
		sample_addresses(stack, rows[i].address, 1);
	}
	snapshot->stacks[3].usage.alloc_count = snapshot->stacks[3].usage.free_count = 7;
	return snapshot;
}

static void assert_order(const struct snapshot *snapshot, const uint64_t *addresses, size_t n)
{
	assert_int_equal(snapshot->n_stacks_shown, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(snapshot->stacks[i].addresses[0], addresses[i]);
}

#define ASSERT_ORDER(snapshot, ...) \
	do { \
		static const uint64_t expected[] = {__VA_ARGS__}; \
		assert_order(snapshot, expected, sizeof(expected) / sizeof(expected[0])); \
	} while (0)

static void orders_by_each_key(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 10), 0);
	/* 0x10 and 0x30 have 100 bytes each: the one of more blocks comes first. */
	ASSERT_ORDER(snapshot, 0x20, 0x30, 0x10, 0x60, 0x50);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_COUNT, 10), 0);
	ASSERT_ORDER(snapshot, 0x30, 0x10, 0x20, 0x60, 0x50);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_AGE, 10), 0);
	ASSERT_ORDER(snapshot, 0x50, 0x60, 0x10, 0x30, 0x20);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_GROWTH, 10), 0);
	ASSERT_ORDER(snapshot, 0x20, 0x30, 0x10, 0x60, 0x50);
	snapshot_free(snapshot);
}

static void counts_top_for_each_process(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 1), 0);
	ASSERT_ORDER(snapshot, 0x20, 0x60);
	assert_int_equal(snapshot->n_stacks, N_ROWS);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 2), 0);
	ASSERT_ORDER(snapshot, 0x20, 0x30, 0x60, 0x50);
	snapshot_free(snapshot);
}

static void shows_dead_stacks_with_top_0_alone(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 0), 0);
	ASSERT_ORDER(snapshot, 0x20, 0x30, 0x10, 0x60, 0x50, 0x40);
	snapshot->stacks[5].usage.alloc_count = 0;
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 0), 0);
	ASSERT_ORDER(snapshot, 0x20, 0x30, 0x10, 0x60, 0x50);
	snapshot_free(snapshot);
}

static void orders_by_growth_since_the_snapshot_before(void **state)
{
	struct snapshot *before = make(), *snapshot = make();

	(void)state;
	/* 0x10 grew by 60, 0x20 shrank, 0x30 stayed, 0x60 is new by its kind. */
	snapshot->stacks[0].usage.live_bytes += 60;
	snapshot->stacks[1].usage.live_bytes -= 1;
	snapshot->stacks[5].kind = KIND_MMAP;
	assert_int_equal(select_stacks(snapshot, before, SELECT_GROWTH, 10), 0);
	ASSERT_ORDER(snapshot, 0x10, 0x60, 0x30, 0x50, 0x20);
	snapshot_free(before);
	snapshot_free(snapshot);
}

static void orders_by_the_least_that_growth_can_be(void **state)
{
	struct snapshot *before = make(), *snapshot = make();

	(void)state;
	/* 0x30 grows surely; 0x10 may grow faster, or hardly. 0x20 grew most since the last report, but churns. */
	snapshot->stacks[0].verdict =
	    (struct verdict){.kind = VERDICT_GROWING, .low_bytes_per_s = 1, .bytes_per_s = 50, .high_bytes_per_s = 99};
	snapshot->stacks[2].verdict =
	    (struct verdict){.kind = VERDICT_GROWING, .low_bytes_per_s = 2, .bytes_per_s = 3, .high_bytes_per_s = 4};
	snapshot->stacks[1].verdict = (struct verdict){.kind = VERDICT_CHURNING, .low_bytes_per_s = -5};
	snapshot->stacks[1].usage.live_bytes += 1000;
	assert_int_equal(select_stacks(snapshot, before, SELECT_GROWTH, 10), 0);
	ASSERT_ORDER(snapshot, 0x30, 0x10, 0x60, 0x50, 0x20);
	snapshot_free(before);
	snapshot_free(snapshot);
}

static void does_not_depend_on_the_order_read(void **state)
{
	struct snapshot *snapshot = sample_new(1, 4, 1);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		sample_usage(&snapshot->stacks[i], 1, 8);
		sample_addresses(&snapshot->stacks[i], 0x100 * (i * 3 % 4 + 1), 1);
	}
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 2), 0);
	ASSERT_ORDER(snapshot, 0x100, 0x200);
	snapshot_free(snapshot);
}

static void selects_from_nothing(void **state)
{
	struct snapshot *snapshot = sample_new(1, 0, 1), *before = make();

	(void)state;
	assert_int_equal(select_stacks(snapshot, before, SELECT_GROWTH, 10), 0);
	assert_int_equal(snapshot->n_stacks_shown, 0);
	assert_int_equal(aggregate_merge(snapshot), 0);
	aggregate_sum(snapshot);
	snapshot_free(before);
	snapshot_free(snapshot);
}

static void sums_stacks(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	snapshot->stacks[0].kind = KIND_MMAP;
	snapshot->stacks[0].end = END_NO_CFI;
	aggregate_sum(snapshot);
	assert_int_equal(snapshot->totals.live_bytes, 100 + 300 + 100 + 1 + 2);
	assert_int_equal(snapshot->totals.live_blocks, 15);
	assert_int_equal(snapshot->totals.alloc_count, 2 * 15 + 7);
	assert_int_equal(snapshot->kinds[KIND_MMAP].live_bytes, 100);
	assert_int_equal(snapshot->kinds[KIND_HEAP].live_bytes, 403);
	assert_int_equal(snapshot->kinds[KIND_BRK].live_bytes, 0);
	assert_int_equal(snapshot->placement.nodes[0].live_bytes, 503);
	assert_int_equal(snapshot->placement.nodes[0].live_blocks, 15);
	assert_int_equal(snapshot->incomplete_stacks, 1);
	/* Summing again does not count twice. */
	aggregate_sum(snapshot);
	assert_int_equal(snapshot->placement.nodes[0].live_bytes, 503);
	assert_int_equal(snapshot->incomplete_stacks, 1);
	assert_int_equal(snapshot->ends[END_NO_CFI], 1);
	snapshot_free(snapshot);
}

/* That of `n` of the stacks below. */
static void assert_placement(const struct placement *placement, uint64_t n)
{
	assert_int_equal(placement->nodes[0].live_bytes, 6 * n);
	assert_int_equal(placement->nodes[0].live_blocks, n);
	assert_int_equal(placement->nodes[0].cpu_live_bytes, n);
	assert_int_equal(placement->nodes[1].live_bytes, n);
	assert_int_equal(placement->nodes[1].live_blocks, n);
	assert_int_equal(placement->nodes[1].cpu_live_bytes, 7 * n);
	assert_int_equal(placement->not_resident_bytes, n);
	assert_int_equal(placement->unplaced_bytes, 2 * n);
	assert_int_equal(placement->remote_bytes, 5 * n);
	assert_int_equal(placement_resident_bytes(placement), 7 * n);
}

static void merges_rows_without_addresses(void **state)
{
	struct snapshot *snapshot = sample_new(2, 6, 2);
	static const struct block young = {.address = 0x1000, .size_bytes = 8, .age_ns = 5},
	                          old = {.address = 0x2000, .size_bytes = 8, .age_ns = 50};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct node_usage nodes[2] = {{0, 6, 1, 1}, {1, 1, 1, 7}};

		sample_usage(&snapshot->stacks[i], 1, 8);
		snapshot->stacks[i].placement = (struct placement){.nodes = sample_copy(nodes, sizeof(nodes)),
		                                                   .n_nodes = 2,
		                                                   .not_resident_bytes = 1,
		                                                   .unplaced_bytes = 2,
		                                                   .remote_bytes = 5};
		snapshot->stacks[i].oldest_ns = 10 * i;
	}
	snapshot->stacks[1].process = 1;
	snapshot->stacks[2].kind = KIND_BRK;
	sample_addresses(&snapshot->stacks[3], 0x10, 1);
	snapshot->stacks[4].blocks = sample_copy(&young, sizeof(young));
	snapshot->stacks[4].n_blocks = 1;
	snapshot->stacks[5].blocks = sample_copy(&old, sizeof(old));
	snapshot->stacks[5].n_blocks = 1;

	/* 0, 4 and 5 are one row. */
	assert_int_equal(aggregate_merge(snapshot), 0);
	assert_int_equal(snapshot->n_stacks, 4);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 1), 0);
	assert_int_equal(snapshot->stacks[0].usage.live_bytes, 24);
	assert_int_equal(snapshot->stacks[0].usage.alloc_count, 6);
	assert_int_equal(snapshot->stacks[0].oldest_ns, 50);
	assert_int_equal(snapshot->stacks[0].placement.nodes[0].live_blocks, 3);
	assert_int_equal(snapshot->stacks[0].n_blocks, 2);
	assert_int_equal(snapshot->stacks[0].blocks[0].address, 0x2000);
	aggregate_sum(snapshot);
	assert_int_equal(snapshot->totals.live_bytes, 48);
	assert_placement(&snapshot->placement, 6);
	assert_placement(&snapshot->processes[0].placement, 5);
	assert_placement(&snapshot->processes[1].placement, 1);
	assert_int_equal(snapshot->processes[1].usage.live_bytes, 8);
	/* Summed once more, it is the same. */
	aggregate_sum(snapshot);
	assert_placement(&snapshot->placement, 6);
	assert_placement(&snapshot->processes[0].placement, 5);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders_by_each_key),
	    cmocka_unit_test(counts_top_for_each_process),
	    cmocka_unit_test(shows_dead_stacks_with_top_0_alone),
	    cmocka_unit_test(orders_by_growth_since_the_snapshot_before),
	    cmocka_unit_test(orders_by_the_least_that_growth_can_be),
	    cmocka_unit_test(does_not_depend_on_the_order_read),
	    cmocka_unit_test(selects_from_nothing),
	    cmocka_unit_test(sums_stacks),
	    cmocka_unit_test(merges_rows_without_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Rates, sums and merges of what memtrace churn counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/aggregate.h"
#include "analyze/churn.h"
#include "analyze/select.h"
#include "unit/sample_snapshot.h"

static struct churn *make_churn(uint64_t peak_live_bytes, uint64_t first_place, size_t n_places)
{
	struct churn *churn = calloc(1, sizeof(*churn));

	assert_non_null(churn);
	churn->peak_live_bytes = peak_live_bytes;
	churn->places = calloc(n_places + 1, sizeof(*churn->places));
	assert_non_null(churn->places);
	churn->n_places = n_places;
	for (size_t i = 0; i < n_places; i++) {
		churn->places[i] = (struct free_place){.address = first_place + i, .count = i + 1};
		churn->freed_count += i + 1;
	}
	churn->elsewhere_count = 5;
	churn->freed_count += 5;
	churn->lifetimes_ns[12] = churn->freed_count;
	return churn;
}

static struct snapshot *make(size_t n_stacks)
{
	struct snapshot *snapshot = sample_new(2, n_stacks, 1);

	for (size_t i = 0; i < n_stacks; i++) {
		sample_usage(&snapshot->stacks[i], 10 * (i + 1), 100);
		sample_addresses(&snapshot->stacks[i], 0x1000 * (i + 1), 2);
	}
	return snapshot;
}

static void buckets_are_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(churn_bucket_low(0), 0);
	assert_int_equal(churn_bucket_low(1), 1);
	assert_int_equal(churn_bucket_low(2), 2);
	assert_int_equal(churn_bucket_low(CHURN_BUCKETS - 1), 1ULL << (CHURN_BUCKETS - 2));
}

static void recent_is_since_the_report_before(void **state)
{
	struct snapshot *before = make(2), *now = make(3);

	(void)state;
	before->elapsed_ns = 2000000000;
	now->stacks[0].usage.alloc_count += 7;
	now->stacks[0].usage.alloc_bytes += 70;
	now->stacks[1].usage.alloc_count = 3; /* its row was given back, and another begun */
	assert_int_equal(churn_find_recent(now, before), 0);
	assert_int_equal(now->recent_ns, 3000000000);
	assert_int_equal(now->stacks[0].recent_count, 7);
	assert_int_equal(now->stacks[0].recent_bytes, 70);
	assert_int_equal(now->stacks[1].recent_count, 3);
	assert_int_equal(now->stacks[2].recent_count, now->stacks[2].usage.alloc_count);
	assert_int_equal(churn_find_recent(now, NULL), 0);
	assert_int_equal(now->recent_ns, now->elapsed_ns);
	assert_int_equal(now->stacks[0].recent_count, now->stacks[0].usage.alloc_count);
	snapshot_free(before);
	snapshot_free(now);
}

/* What rows had that were given back is in that without frames: only what is left of the process's sum is recent. */
static void recent_of_rows_given_back(void **state)
{
	struct snapshot *before = make(3), *now = make(3);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stack *without = i ? &now->stacks[2] : &before->stacks[2];

		free(without->addresses);
		without->addresses = NULL;
		without->n_addresses = 0;
	}
	/* The second stack's row went, with its 40 allocations, and 5 more that were made before it did. */
	before->stacks[2].usage = (struct usage){.alloc_count = 1000, .alloc_bytes = 100000};
	now->stacks[2].usage = (struct usage){.alloc_count = 1045, .alloc_bytes = 104500};
	now->stacks[1].usage = (struct usage){.alloc_count = 0};
	now->stacks[0].usage.alloc_count += 3;
	now->stacks[0].usage.alloc_bytes += 300;
	assert_int_equal(churn_find_recent(now, before), 0);
	assert_int_equal(now->stacks[0].recent_count, 3);
	assert_int_equal(now->stacks[1].recent_count, 0);
	assert_int_equal(now->stacks[2].recent_count, 5);
	assert_int_equal(now->stacks[2].recent_bytes, 500);
	snapshot_free(before);
	snapshot_free(now);
}

/* Two rows of one stack: places of both, and a peak that is no more than a bound. */
static void merged_rows(void **state)
{
	struct snapshot *snapshot = make(2);
	const struct churn *churn;

	(void)state;
	snapshot->stacks[1].addresses[0] = snapshot->stacks[0].addresses[0];
	snapshot->stacks[1].addresses[1] = snapshot->stacks[0].addresses[1];
	snapshot->stacks[0].churn = make_churn(1000, 0x10, 3);
	snapshot->stacks[1].churn = make_churn(500, 0x12, 3);
	assert_int_equal(aggregate_merge(snapshot), 0);
	assert_int_equal(snapshot->n_stacks, 1);
	churn = snapshot->stacks[0].churn;
	assert_int_equal(churn->peak_live_bytes, 1500);
	assert_true(churn->peak_is_bound);
	assert_int_equal(churn->freed_count, 22);
	assert_int_equal(churn->lifetimes_ns[12], 22);
	assert_int_equal(churn->elsewhere_count, 10);
	/* 0x10: 1, 0x11: 2, 0x12: 3 + 1, 0x13: 2, 0x14: 3; most first, then by address */
	assert_int_equal(churn->n_places, 5);
	assert_int_equal(churn->places[0].address, 0x12);
	assert_int_equal(churn->places[0].count, 4);
	assert_int_equal(churn->places[1].address, 0x14);
	assert_int_equal(churn->places[2].address, 0x11);
	assert_int_equal(churn->places[3].address, 0x13);
	assert_int_equal(churn->places[4].address, 0x10);
	snapshot_free(snapshot);
}

/* A process's peak is its own; that of several is a bound. Mappings have rates alone. */
static void sums_of_processes(void **state)
{
	struct churn_node nodes[] = {{.node = 1, .alloc_count = 7}, {.node = 0, .alloc_count = 1}};
	const struct churn_totals seven = {.nodes = nodes, .n_nodes = 2};
	struct snapshot *snapshot = make(3);

	(void)state;
	snapshot->stacks[0].churn = make_churn(1000, 0x10, 3);
	snapshot->stacks[1].churn = make_churn(500, 0x12, 3);
	snapshot->stacks[2].process = 1;
	snapshot->stacks[2].kind = KIND_MMAP;
	for (size_t i = 0; i < 2; i++) {
		snapshot->processes[i].churn = churn_totals_new();
		assert_non_null(snapshot->processes[i].churn);
		snapshot->processes[i].churn->counted = true;
		snapshot->processes[i].churn->churn.peak_live_bytes = 1200;
		assert_int_equal(churn_totals_add_nodes(snapshot->processes[i].churn, &seven), 0);
	}
	assert_int_equal(churn_find_recent(snapshot, NULL), 0);
	assert_int_equal(churn_sum(snapshot), 0);
	assert_int_equal(snapshot->processes[0].churn->churn.freed_count, 22);
	assert_int_equal(snapshot->processes[0].churn->churn.peak_live_bytes, 1200);
	assert_false(snapshot->processes[0].churn->churn.peak_is_bound);
	assert_int_equal(snapshot->processes[1].churn->churn.freed_count, 0);
	assert_int_equal(snapshot->processes[1].churn->recent_count, 60);
	assert_int_equal(snapshot->churn->churn.freed_count, 22);
	assert_int_equal(snapshot->churn->churn.elsewhere_count, 22); /* totals have no places */
	assert_int_equal(snapshot->churn->churn.peak_live_bytes, 2400);
	assert_true(snapshot->churn->churn.peak_is_bound);
	assert_int_equal(snapshot->churn->recent_count, 120);
	assert_int_equal(snapshot->churn->n_nodes, 2);
	assert_int_equal(snapshot->churn->nodes[0].node, 1);
	assert_int_equal(snapshot->churn->nodes[0].alloc_count, 14);
	assert_int_equal(snapshot->churn->nodes[0].recent_count, 14);
	assert_int_equal(snapshot->churn->nodes[1].alloc_count, 2);
	snapshot_free(snapshot);
}

static void orders(void **state)
{
	struct snapshot *snapshot = make(3);
	struct stack *stacks = snapshot->stacks;

	(void)state;
	stacks[0].recent_count = 5;
	stacks[0].recent_bytes = 10;
	stacks[0].churn = make_churn(1, 0x10, 0);
	stacks[0].churn->soon_count = 1;
	stacks[1].recent_count = 1;
	stacks[1].recent_bytes = 30;
	stacks[2].usage = (struct usage){.alloc_count = 9}; /* nothing of late */
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_RATE, 10), 0);
	assert_int_equal(snapshot->n_stacks_shown, 2);
	assert_int_equal(stacks[0].recent_count, 5);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTE_RATE, 10), 0);
	assert_int_equal(stacks[0].recent_bytes, 30);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_ALLOCATED, 10), 0);
	assert_int_equal(snapshot->n_stacks_shown, 3);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_SHORT_LIVED, 0), 0);
	assert_int_equal(snapshot->n_stacks_shown, 3);
	assert_int_equal(stacks[0].churn->soon_count, 1);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buckets_are_powers_of_two), cmocka_unit_test(recent_is_since_the_report_before),
	    cmocka_unit_test(recent_of_rows_given_back), cmocka_unit_test(merged_rows),
	    cmocka_unit_test(sums_of_processes),         cmocka_unit_test(orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

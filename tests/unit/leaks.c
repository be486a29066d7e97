// SPDX-License-Identifier: GPL-2.0-or-later
/* From words to rows of classes, and how they are told. Run from the top folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analyze/aggregate.h"
#include "analyze/leaks.h"
#include "analyze/select.h"
#include "unit/golden.h"
#include "unit/sample_snapshot.h"

#define BLOCKS 0x10000ULL /* the first of them */
#define STEP 0x100ULL
#define BYTES 0x80ULL
#define BLOCK(i) (BLOCKS + (i)*STEP)
#define GLOBALS 0x400000ULL
#define STACK 0x7ff000ULL
#define MAX_WORDS 16

/* Two stacks of three blocks each, 0 to 2 and 3 to 5, and a mapping, 6. */
static struct snapshot *make(void)
{
	struct snapshot *snapshot = sample_new(1, 3, 1);
	struct scan *scan = calloc(1, sizeof(*scan));

	snapshot->command = "leaks";
	for (size_t i = 0; i < 3; i++) {
		struct stack *stack = &snapshot->stacks[i];

		sample_addresses(stack, 0x1000 * (i + 1), 2);
		stack->n_blocks = i < 2 ? 3 : 1;
		stack->kind = i < 2 ? KIND_HEAP : KIND_MMAP;
		stack->blocks = calloc(stack->n_blocks, sizeof(*stack->blocks));
		for (size_t j = 0; j < stack->n_blocks; j++)
			stack->blocks[j] = (struct block){.address = BLOCK(3 * i + j),
			                                  .size_bytes = BYTES,
			                                  .age_ns = (j + 1) * 1000000000,
			                                  .judged = true};
		stack->usage = (struct usage){.live_bytes = stack->n_blocks * BYTES,
		                              .live_blocks = stack->n_blocks,
		                              .alloc_bytes = 10 * BYTES,
		                              .alloc_count = 10};
		stack->oldest_ns = stack->n_blocks * 1000000000;
	}
	scan->words = calloc(MAX_WORDS, sizeof(*scan->words));
	scan->areas = calloc(2, sizeof(*scan->areas));
	scan->areas[0] = (struct scan_area){GLOBALS, GLOBALS + 0x1000, SCAN_AREA_GLOBALS, 0, strdup("/usr/bin/app")};
	scan->areas[1] = (struct scan_area){STACK, STACK + 0x1000, SCAN_AREA_STACK, 1001, strdup("[stack]")};
	scan->n_areas = 2;
	scan->stopped = true;
	scan->pause_ns = 12345678;
	scan->read_bytes = 3 << 19;
	scan->n_threads = 2;
	snapshot->processes[0].scan = scan;
	return snapshot;
}

static void point(struct snapshot *snapshot, uint64_t at, uint64_t value)
{
	struct scan *scan = snapshot->processes[0].scan;

	assert_true(scan->n_words < MAX_WORDS);
	scan->words[scan->n_words++] = (struct reach_word){at, value};
}

static void judge(struct snapshot *snapshot, bool with_reachable)
{
	assert_int_equal(aggregate_merge(snapshot), 0);
	aggregate_sum(snapshot);
	assert_int_equal(leaks_judge(snapshot, with_reachable), 0);
	assert_int_equal(select_stacks(snapshot, NULL, SELECT_BYTES, 0), 0);
}

static const struct stack *row_of(const struct snapshot *snapshot, uint64_t address, enum leak_class class)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];

		if (stack->leak == class && stack->n_addresses && stack->addresses[0] == address)
			return stack;
	}
	return NULL;
}

static void rows_by_class(void **state)
{
	struct snapshot *snapshot = make();
	const struct stack *row;

	(void)state;
	point(snapshot, GLOBALS, BLOCK(0));
	point(snapshot, STACK, BLOCK(1) + 16);
	point(snapshot, BLOCK(2), BLOCK(3));
	point(snapshot, REACH_IN_REGISTER(1001, 3), BLOCK(6) + 8); /* into a mapping */
	point(snapshot, BLOCK(6) + 16, BLOCK(4));
	judge(snapshot, true);
	assert_non_null(row_of(snapshot, 0x1000, LEAK_REACHABLE));
	assert_non_null(row_of(snapshot, 0x1000, LEAK_POSSIBLE));
	row = row_of(snapshot, 0x1000, LEAK_DEFINITE);
	assert_non_null(row);
	assert_int_equal(row->usage.live_blocks, 1);
	assert_int_equal(row->usage.live_bytes, BYTES);
	assert_int_equal(row->oldest_ns, 3000000000);
	assert_int_equal(row->usage.alloc_count, 10);
	assert_non_null(row_of(snapshot, 0x2000, LEAK_INDIRECT));
	assert_non_null(row_of(snapshot, 0x2000, LEAK_DEFINITE));
	row = row_of(snapshot, 0x2000, LEAK_REACHABLE);
	assert_non_null(row);
	assert_int_equal(row->n_held_by, 2);
	assert_int_equal(row->held_by[0].block_address, BLOCK(6));
	assert_true(REACH_IS_REGISTER(row->held_by[1].at));
	assert_non_null(row_of(snapshot, 0x3000, LEAK_REACHABLE));
	assert_int_equal(snapshot->leaks[LEAK_DEFINITE].live_blocks, 2);
	assert_int_equal(snapshot->leaks[LEAK_REACHABLE].live_blocks, 3);
	assert_int_equal(snapshot->stacks[0].leak, LEAK_DEFINITE);
	snapshot_free(snapshot);
}

static void reachable_ones_are_left_out(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	for (int i = 0; i < 7; i++)
		point(snapshot, GLOBALS + 8 * i, BLOCK(i));
	judge(snapshot, false);
	assert_int_equal(snapshot->n_stacks, 0);
	assert_int_equal(snapshot->leaks[LEAK_REACHABLE].live_blocks, 7);
	assert_int_equal(snapshot->totals.live_blocks, 7);
	snapshot_free(snapshot);
}

static void memory_that_nobody_uses_leads_nowhere(void **state)
{
	struct snapshot *snapshot = make();
	struct scan *scan = snapshot->processes[0].scan;

	(void)state;
	scan->unused = calloc(1, sizeof(*scan->unused));
	scan->unused[scan->n_unused++] = (struct scan_extent){0x80000, 0x81000};
	point(snapshot, 0x7fff8, BLOCK(0));
	point(snapshot, 0x80000, BLOCK(1));
	point(snapshot, 0x80ff8, BLOCK(2));
	point(snapshot, 0x81000, BLOCK(3));
	point(snapshot, 0x80010, BLOCK(4)); /* out of order */
	judge(snapshot, true);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_DEFINITE)->usage.live_blocks, 2);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_REACHABLE)->usage.live_blocks, 1);
	assert_int_equal(row_of(snapshot, 0x2000, LEAK_DEFINITE)->usage.live_blocks, 2);
	snapshot_free(snapshot);
}

static void blocks_from_before(void **state)
{
	struct snapshot *snapshot = make();
	struct scan *scan = snapshot->processes[0].scan;
	const struct stack *before = NULL;

	(void)state;
	scan->before = calloc(2, sizeof(*scan->before));
	scan->before[scan->n_before++] = (struct scan_extent){0x90000, 0x90040};
	scan->before[scan->n_before++] = (struct scan_extent){0x91000, 0x91020};
	point(snapshot, GLOBALS, 0x90000);
	point(snapshot, 0x90008, BLOCK(0));
	point(snapshot, 0x91008, BLOCK(1)); /* of a lost one */
	judge(snapshot, true);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_REACHABLE)->usage.live_blocks, 1);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_INDIRECT)->usage.live_blocks, 1);
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		if (snapshot->stacks[i].before && snapshot->stacks[i].leak == LEAK_DEFINITE)
			before = &snapshot->stacks[i];
	}
	assert_non_null(before);
	assert_int_equal(before->usage.live_bytes, 0x20);
	assert_int_equal(snapshot->totals.live_blocks, 7);
	snapshot_free(snapshot);
}

static void too_young_ones_lead_to_others(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	point(snapshot, GLOBALS, BLOCK(0));
	point(snapshot, BLOCK(0), BLOCK(2));
	leaks_leave_out_younger(snapshot, 1500000000);
	judge(snapshot, true);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_REACHABLE)->usage.live_blocks, 1);
	assert_int_equal(row_of(snapshot, 0x1000, LEAK_DEFINITE)->usage.live_blocks, 1);
	assert_int_equal(snapshot->totals.live_blocks, 4);
	assert_int_equal(snapshot->leaks[LEAK_DEFINITE].live_blocks, 3);
	snapshot_free(snapshot);
}

static void without_standing_still(void **state)
{
	struct snapshot *snapshot = make();

	(void)state;
	snapshot->processes[0].scan->stopped = false;
	judge(snapshot, true);
	assert_int_equal(snapshot->leaks[LEAK_DEFINITE].live_blocks, 0);
	assert_int_equal(snapshot->leaks[LEAK_POSSIBLE].live_blocks, 7);
	snapshot_free(snapshot);
}

static void words(void **state)
{
	struct snapshot *snapshot = make();
	struct scan *scan = snapshot->processes[0].scan;

	(void)state;
	strcpy(snapshot->processes[0].comm, "\033[31mapp");
	free(scan->areas[0].name);
	scan->areas[0].name = strdup("/usr/bin/\033]0;a\007pp");
	scan->unjudged_blocks = 2;
	scan->unjudged_bytes = 96;
	scan->heap_bytes = 4 << 20;
	scan->unknown_heap_bytes = 1 << 20;
	point(snapshot, GLOBALS + 8, BLOCK(0));
	point(snapshot, BLOCK(0), BLOCK(1));
	point(snapshot, STACK + 8, BLOCK(2) + 24);
	point(snapshot, BLOCK(3), BLOCK(4));
	point(snapshot, REACH_IN_KERNEL(REACH_KEPT_FOR_TIMER), BLOCK(5));
	point(snapshot, REACH_IN_REGISTER(1001, 0), BLOCK(6) + 64);
	judge(snapshot, true);
	golden_check("leaks", snapshot, (struct render_options){.top = 0, .show_blocks = true});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_by_class),
	    cmocka_unit_test(reachable_ones_are_left_out),
	    cmocka_unit_test(memory_that_nobody_uses_leads_nowhere),
	    cmocka_unit_test(blocks_from_before),
	    cmocka_unit_test(too_young_ones_lead_to_others),
	    cmocka_unit_test(without_standing_still),
	    cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

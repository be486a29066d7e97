// SPDX-License-Identifier: GPL-2.0-or-later
/* The snapshot's parts: words, sums, and what belongs to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

static void causes_of_loss_are_told_apart(void **state)
{
	(void)state;
	for (int i = 0; i < LOSS_COUNT; i++) {
		const char *key = loss_key(i);

		assert_true(key && *key && loss_words(i) && *loss_words(i));
		/* A key of JSON that scripts read. */
		assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz_"), strlen(key));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(key, loss_key(j));
			assert_string_not_equal(loss_words(i), loss_words(j));
		}
	}
}

static void kinds_and_ends_have_names(void **state)
{
	(void)state;
	assert_string_equal(block_kind_name(KIND_HEAP), "heap");
	assert_string_equal(block_kind_name(KIND_MMAP), "mmap");
	assert_string_equal(block_kind_name(KIND_BRK), "brk");
	for (int i = 0; i < KIND_COUNT; i++)
		assert_non_null(block_kind_name(i));
	assert_string_equal(stack_end_name(END_COMPLETE), "complete");
	assert_string_equal(stack_end_name(END_READ_FAULT), "read-fault");
	for (int i = 0; i < END_COUNT; i++) {
		for (int j = 0; j < i; j++)
			assert_string_not_equal(stack_end_name(i), stack_end_name(j));
	}
}

static void adds_usage(void **state)
{
	struct usage to = {1, 2, 3, 4, 5, 6};
	static const struct usage from = {10, 20, 30, 40, 50, 60}, sum = {11, 22, 33, 44, 55, 66};

	(void)state;
	usage_add(&to, &from);
	assert_memory_equal(&to, &sum, sizeof(sum));
}

static void finds_mappings(void **state)
{
	static const struct mapping mappings[] = {
	    {.start = 0x1000, .end = 0x2000},
	    {.start = 0x2000, .end = 0x3000},
	    {.start = 0x5000, .end = 0x6000},
	    {.start = 0xfffffffffffff000, .end = UINT64_MAX},
	};

	(void)state;
	assert_null(mapping_find(NULL, 0, 0x1000, 0));
	assert_null(mapping_find(mappings, 0, 0x1000, 0));
	assert_null(mapping_find(mappings, 4, 0, 0));
	assert_null(mapping_find(mappings, 4, 0xfff, 0));
	assert_ptr_equal(mapping_find(mappings, 4, 0x1000, 0), &mappings[0]);
	assert_ptr_equal(mapping_find(mappings, 4, 0x1fff, 0), &mappings[0]);
	assert_ptr_equal(mapping_find(mappings, 4, 0x2000, 0), &mappings[1]);
	assert_ptr_equal(mapping_find(mappings, 4, 0x2fff, 0), &mappings[1]);
	assert_null(mapping_find(mappings, 4, 0x3000, 0));
	assert_null(mapping_find(mappings, 4, 0x4fff, 0));
	assert_ptr_equal(mapping_find(mappings, 4, 0x5000, 0), &mappings[2]);
	assert_null(mapping_find(mappings, 4, 0x6000, 0));
	assert_ptr_equal(mapping_find(mappings, 4, UINT64_MAX - 1, 0), &mappings[3]);
	assert_null(mapping_find(mappings, 4, UINT64_MAX, 0));
	assert_ptr_equal(mapping_find(mappings, 1, 0x1000, 0), &mappings[0]);
	assert_null(mapping_find(mappings, 1, 0x2000, 0));
}

static void finds_what_is_mapped_around(void **state)
{
	enum { PIECES = 300 };
	struct mapping mappings[PIECES];
	uint64_t first, end;

	(void)state;
	for (size_t i = 0; i < PIECES; i++)
		mappings[i] = (struct mapping){
		    .start = 0x10000 + i * 0x1000, .end = 0x11000 + i * 0x1000, .offset = 0x3000 + i * 0x1000};
	for (size_t i = 0; i < 20; i++) {
		assert_true(mapping_stretch(mappings, 20, &mappings[i], 0, &first, &end));
		assert_int_equal(first, 0x3000);
		assert_int_equal(end, 0x3000 + 20 * 0x1000);
	}
	mappings[7].offset++;
	assert_true(mapping_stretch(mappings, 20, &mappings[3], 0, &first, &end));
	assert_int_equal(end, 0x3000 + 7 * 0x1000);
	assert_true(mapping_stretch(mappings, 20, &mappings[8], 0, &first, &end));
	assert_int_equal(first, 0x3000 + 8 * 0x1000);
	mappings[7].offset--;
	/* Only a hostile recording has so many. */
	assert_false(mapping_stretch(mappings, PIECES, &mappings[0], 0, &first, &end));
	assert_false(mapping_stretch(mappings, PIECES, &mappings[150], 0, &first, &end));
	assert_false(mapping_stretch(mappings, PIECES, &mappings[299], 0, &first, &end));
	/* At the ends of the address space. */
	mappings[0] = (struct mapping){.end = 0x1000};
	mappings[1] = (struct mapping){.start = 0xfffffffffffff000, .end = UINT64_MAX};
	assert_true(mapping_stretch(mappings, 2, &mappings[0], 0, &first, &end));
	assert_true(mapping_stretch(mappings, 2, &mappings[1], 0, &first, &end));
}

/* Under the address sanitizer: nothing is freed twice, or not at all. */
static void frees_what_is_there(void **state)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	(void)state;
	snapshot_free(NULL);
	snapshot_free(snapshot);
	/* As it is when memory runs out while one is filled. */
	snapshot = calloc(1, sizeof(*snapshot));
	snapshot->processes = calloc(2, sizeof(*snapshot->processes));
	snapshot->n_processes = 2;
	snapshot->processes[0].exe = strdup("/usr/bin/app");
	snapshot->processes[1].mappings = calloc(1, sizeof(struct mapping));
	snapshot->stacks = calloc(5, sizeof(*snapshot->stacks));
	snapshot->n_stacks = 4;
	snapshot->stacks[0].addresses = calloc(3, sizeof(uint64_t));
	snapshot->stacks[1].placement.nodes = calloc(2, sizeof(struct node_usage));
	snapshot->stacks[2].blocks = calloc(2, sizeof(struct block));
	snapshot->stacks[3].frames = calloc(2, sizeof(struct frame));
	snapshot->processes[0].placement.nodes = calloc(1, sizeof(struct node_usage));
	snapshot->placement.nodes = calloc(1, sizeof(struct node_usage));
	snapshot_free(snapshot);
}

static void any_loss_makes_it_incomplete(void **state)
{
	struct snapshot snapshot = {.abandoned_calls = 1, .unknown_frees = 1, .untraced_children = 1};

	(void)state;
	assert_true(snapshot_complete(&snapshot));
	for (int i = 0; i < LOSS_COUNT; i++) {
		snapshot.lost[i] = 1;
		assert_false(snapshot_complete(&snapshot));
		snapshot.lost[i] = 0;
	}
	assert_true(snapshot_complete(&snapshot));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(causes_of_loss_are_told_apart),
	    cmocka_unit_test(kinds_and_ends_have_names),
	    cmocka_unit_test(adds_usage),
	    cmocka_unit_test(finds_mappings),
	    cmocka_unit_test(finds_what_is_mapped_around),
	    cmocka_unit_test(frees_what_is_there),
	    cmocka_unit_test(any_loss_makes_it_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

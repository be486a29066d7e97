// SPDX-License-Identifier: GPL-2.0-or-later
/* Reachability of blocks: each shape by itself, then random graphs against searches that try everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/reach.h"

#define ROOTS 0x1000 /* no block lies there */
#define BLOCKS 0x100000
#define BLOCK_BYTES 64
#define BLOCK(i) (BLOCKS + (uint64_t)BLOCK_BYTES * (i))
#define MAX_BLOCKS 64
#define MAX_WORDS 256
#define GRAPHS 200

struct world {
	struct reach_block blocks[MAX_BLOCKS];
	struct reach_word words[MAX_WORDS];
	size_t n_blocks, n_words;
	struct reach_result result;
};

static void start(struct world *world, size_t n_blocks)
{
	*world = (struct world){.n_blocks = n_blocks};
	for (size_t i = 0; i < n_blocks; i++)
		world->blocks[i] = (struct reach_block){.address = BLOCK(i), .size_bytes = BLOCK_BYTES};
}

static void point(struct world *world, uint64_t at, uint64_t value)
{
	assert_true(world->n_words < MAX_WORDS);
	world->words[world->n_words++] = (struct reach_word){at, value};
}

static int by_place(const void *a, const void *b)
{
	const struct reach_word *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void run(struct world *world)
{
	qsort(world->words, world->n_words, sizeof(*world->words), by_place);
	assert_int_equal(reach_classify(world->blocks, world->n_blocks, world->words, world->n_words, &world->result),
	                 0);
}

/* "ridp": the class of each block, by its initial. */
static void expect(struct world *world, const char *classes)
{
	run(world);
	assert_int_equal(strlen(classes), world->n_blocks);
	for (size_t i = 0; i < world->n_blocks; i++) {
		char got = leak_class_name(world->result.classes[i])[0];

		if (got != classes[i])
			fail_msg("block %zu is '%c', not '%c'", i, got, classes[i]);
	}
	reach_result_free(&world->result);
}

static void nothing_at_all(void **state)
{
	struct world world;

	(void)state;
	start(&world, 0);
	expect(&world, "");
	point(&world, ROOTS, BLOCK(0));
	expect(&world, "");
}

static void from_roots(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, REACH_IN_REGISTER(7, 3), BLOCK(0));
	point(&world, ROOTS, BLOCK(1));
	point(&world, BLOCK(1) + 8, BLOCK(2));
	point(&world, ROOTS + 8, BLOCK(9)); /* beyond the last one */
	expect(&world, "rrrd");
}

static void interior_pointers(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, ROOTS, BLOCK(0) + 8);
	point(&world, BLOCK(0), BLOCK(1)); /* of a block that is held by its middle alone */
	point(&world, ROOTS + 8, BLOCK(2));
	point(&world, BLOCK(2), BLOCK(3) + BLOCK_BYTES - 1);
	expect(&world, "pprp");
}

static void held_by_the_kernel(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, REACH_IN_KERNEL(REACH_KEPT_FOR_EPOLL), BLOCK(0));
	point(&world, BLOCK(0), BLOCK(1));
	point(&world, REACH_IN_KERNEL(REACH_KEPT_AS_SIGNAL_STACK), BLOCK(2));
	point(&world, ROOTS, BLOCK(2));
	expect(&world, "pprd");
}

/* A stack that is in use is held, wherever in it the stack pointer is. */
static void held_as_a_stack(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, REACH_IN_REGISTER(7, REACH_STACK_POINTER), BLOCK(0) + 24);
	point(&world, REACH_IN_KERNEL(REACH_KEPT_AS_SIGNAL_STACK), BLOCK(0));
	point(&world, BLOCK(0) + 32, BLOCK(1));
	point(&world, REACH_IN_REGISTER(7, 3), BLOCK(2) + 24);
	expect(&world, "rrpd");
}

static void blocks_made_to_be_pointed_into(void **state)
{
	struct world world;

	(void)state;
	start(&world, 3);
	world.blocks[0].divided = true;
	point(&world, ROOTS, BLOCK(0) + 16);
	point(&world, BLOCK(0) + 8, BLOCK(1));
	expect(&world, "rrd");
}

/* Of each block the last 24 bytes are slack. */
static void slack_behind_blocks(bool counts, const char *classes)
{
	struct world world;

	start(&world, 4);
	for (size_t i = 0; i < 4; i++) {
		world.blocks[i].size_bytes = BLOCK_BYTES - 24;
		world.blocks[i].slack_bytes = 24;
		world.blocks[i].slack_counts = counts;
	}
	point(&world, ROOTS, BLOCK(0));
	point(&world, BLOCK(0) + BLOCK_BYTES - 8, BLOCK(2));
	point(&world, ROOTS + 8, BLOCK(1) + BLOCK_BYTES - 16); /* leads nowhere */
	point(&world, BLOCK(1) + BLOCK_BYTES - 24, BLOCK(3));
	expect(&world, classes);
}

static void slack_that_counts(void **state)
{
	(void)state;
	slack_behind_blocks(true, "rdri");
}

static void slack_that_does_not(void **state)
{
	(void)state;
	slack_behind_blocks(false, "rddd");
}

static void tagged_pointers(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, ROOTS, BLOCK(0) | 1);
	point(&world, ROOTS + 8, BLOCK(1) | 7);
	point(&world, ROOTS + 16, BLOCK(2) | 0xabcdULL << 48);
	point(&world, ROOTS + 24, BLOCK(3) + 8);
	expect(&world, "rrrp");
}

static void edges_of_blocks(void **state)
{
	struct world world;

	(void)state;
	start(&world, 3);
	world.blocks[2].size_bytes = 0;
	point(&world, ROOTS, BLOCK(1) - 1);
	point(&world, ROOTS + 8, BLOCK(2)); /* malloc(0) */
	expect(&world, "pdr");
}

static void lists_rings_and_trees(void **state)
{
	struct world world;

	(void)state;
	start(&world, 9);
	point(&world, BLOCK(0), BLOCK(1)); /* a list */
	point(&world, BLOCK(1), BLOCK(2));
	point(&world, BLOCK(3), BLOCK(4)); /* a ring */
	point(&world, BLOCK(4), BLOCK(5));
	point(&world, BLOCK(5), BLOCK(3));
	point(&world, BLOCK(6), BLOCK(7)); /* a tree with parent pointers, one that points to itself */
	point(&world, BLOCK(7), BLOCK(6));
	point(&world, BLOCK(8), BLOCK(8));
	expect(&world, "diidiidid");
}

static void a_ring_that_is_led_to(void **state)
{
	struct world world;

	(void)state;
	start(&world, 3);
	point(&world, BLOCK(0), BLOCK(1));
	point(&world, BLOCK(1), BLOCK(0));
	point(&world, BLOCK(2), BLOCK(1) + 8);
	expect(&world, "iid");
}

static void blocks_within_blocks(void **state)
{
	struct world world;

	(void)state;
	start(&world, 3);
	world.blocks[0] = (struct reach_block){.address = BLOCK(0), .size_bytes = 8 * BLOCK_BYTES};
	world.blocks[1] = (struct reach_block){.address = BLOCK(2), .size_bytes = BLOCK_BYTES};
	world.blocks[2] = (struct reach_block){.address = BLOCK(10), .size_bytes = BLOCK_BYTES};
	point(&world, ROOTS, BLOCK(0));
	point(&world, BLOCK(2), BLOCK(10)); /* of the inner one, that nobody holds */
	expect(&world, "rdi");
	point(&world, BLOCK(3), BLOCK(2)); /* behind it, so of the outer one */
	expect(&world, "rrr");
}

static void says_who_holds(void **state)
{
	struct world world;

	(void)state;
	start(&world, 4);
	point(&world, ROOTS, BLOCK(0));
	point(&world, BLOCK(0) + 16, BLOCK(1));
	point(&world, BLOCK(1) + 24, BLOCK(2));
	run(&world);
	assert_int_equal(world.result.holders[2].block, 1);
	assert_int_equal(world.words[world.result.holders[2].word].at, BLOCK(1) + 24);
	assert_int_equal(world.result.holders[0].block, REACH_NOBODY);
	assert_int_equal(world.words[world.result.holders[0].word].at, ROOTS);
	assert_int_equal(world.result.holders[3].word, REACH_NOBODY);
	reach_result_free(&world.result);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void make_random(struct world *world, uint32_t *seed)
{
	size_t n_words = next(seed) % 120;

	start(world, 1 + next(seed) % MAX_BLOCKS);
	for (size_t i = 0; i < n_words; i++) {
		uint32_t from = next(seed) % world->n_blocks, to = next(seed) % world->n_blocks;
		bool root = next(seed) % 16 == 0, interior = next(seed) % 8 == 0;

		point(world, root ? ROOTS + 8 * i : BLOCK(from) + 8 * (next(seed) % 8),
		      BLOCK(to) + (interior ? 16 : 0));
	}
}

static size_t index_of(uint64_t address)
{
	return (address - BLOCKS) / BLOCK_BYTES;
}

/* Does one block lead to another, by words alone? Warshall's closure. */
static void close_over(const struct world *world, bool lead[MAX_BLOCKS][MAX_BLOCKS], bool interior)
{
	memset(lead, 0, MAX_BLOCKS * sizeof(lead[0]));
	for (size_t i = 0; i < world->n_words; i++) {
		if (world->words[i].at >= BLOCKS && (interior || world->words[i].value % BLOCK_BYTES == 0))
			lead[index_of(world->words[i].at)][index_of(world->words[i].value)] = true;
	}
	for (size_t k = 0; k < world->n_blocks; k++) {
		for (size_t i = 0; i < world->n_blocks; i++) {
			for (size_t j = 0; j < world->n_blocks; j++)
				lead[i][j] |= lead[i][k] && lead[k][j];
		}
	}
}

static bool rooted(const struct world *world, bool lead[MAX_BLOCKS][MAX_BLOCKS], size_t block, bool interior)
{
	for (size_t i = 0; i < world->n_words; i++) {
		size_t to = index_of(world->words[i].value);

		if (world->words[i].at < BLOCKS && (interior || world->words[i].value % BLOCK_BYTES == 0) &&
		    (to == block || lead[to][block]))
			return true;
	}
	return false;
}

static void check_random(struct world *world, uint32_t graph)
{
	bool by_start[MAX_BLOCKS][MAX_BLOCKS], by_any[MAX_BLOCKS][MAX_BLOCKS];

	close_over(world, by_start, false);
	close_over(world, by_any, true);
	for (size_t i = 0; i < world->n_blocks; i++) {
		enum leak_class want = LEAK_DEFINITE;

		/* Another leaked block leads to it that it does not lead to itself, or that stands for both. */
		for (size_t j = 0; j < world->n_blocks; j++) {
			if (j != i && by_any[j][i] && (!by_any[i][j] || j < i) && !rooted(world, by_any, j, true))
				want = LEAK_INDIRECT;
		}
		if (rooted(world, by_start, i, false))
			want = LEAK_REACHABLE;
		else if (rooted(world, by_any, i, true))
			want = LEAK_POSSIBLE;
		if (world->result.classes[i] != want)
			fail_msg("graph %u: block %zu is %s, not %s", graph, i,
			         leak_class_name(world->result.classes[i]), leak_class_name(want));
	}
}

static void random_graphs(void **state)
{
	uint32_t seed = 20261126;
	size_t seen[LEAK_CLASS_COUNT] = {0};

	(void)state;
	for (uint32_t i = 0; i < GRAPHS; i++) {
		struct world world;

		make_random(&world, &seed);
		run(&world);
		check_random(&world, i);
		for (size_t j = 0; j < world.n_blocks; j++)
			seen[world.result.classes[j]]++;
		reach_result_free(&world.result);
	}
	for (size_t i = LEAK_DEFINITE; i < LEAK_CLASS_COUNT; i++)
		assert_true(seen[i] > GRAPHS);
}

/* A list as long as this must not be walked by recursion. */
static void a_long_list(void **state)
{
	enum { N = 1 << 20 };
	struct reach_block *blocks = calloc(N, sizeof(*blocks));
	struct reach_word *words = calloc(N, sizeof(*words));
	struct reach_result result;

	(void)state;
	assert_true(blocks && words);
	for (uint64_t i = 0; i < N; i++) {
		blocks[i] = (struct reach_block){.address = BLOCK(i), .size_bytes = BLOCK_BYTES};
		words[i] = (struct reach_word){BLOCK(i), BLOCK((i + 1) % N)};
	}
	assert_int_equal(reach_classify(blocks, N, words, N, &result), 0);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(result.classes[i], i ? LEAK_INDIRECT : LEAK_DEFINITE);
	reach_result_free(&result);
	free(blocks);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_at_all),
	    cmocka_unit_test(from_roots),
	    cmocka_unit_test(interior_pointers),
	    cmocka_unit_test(held_by_the_kernel),
	    cmocka_unit_test(held_as_a_stack),
	    cmocka_unit_test(tagged_pointers),
	    cmocka_unit_test(blocks_made_to_be_pointed_into),
	    cmocka_unit_test(edges_of_blocks),
	    cmocka_unit_test(slack_that_counts),
	    cmocka_unit_test(slack_that_does_not),
	    cmocka_unit_test(lists_rings_and_trees),
	    cmocka_unit_test(a_ring_that_is_led_to),
	    cmocka_unit_test(blocks_within_blocks),
	    cmocka_unit_test(says_who_holds),
	    cmocka_unit_test(random_graphs),
	    cmocka_unit_test(a_long_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

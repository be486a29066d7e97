// SPDX-License-Identifier: GPL-2.0-or-later
/* jemalloc's tree, made up: a slab, a large block, free pages; and what is made of them where something is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "heap/invariants.h"

#define DATA 0x7f0100000000UL
#define VARIABLES (DATA + 0x1000)
#define ROOT (VARIABLES + 0x4b18)
#define LEVEL_BYTES 0x200000UL
#define LEAF (0x7f0200000000UL + 0xc0)
#define DESCRIPTIONS 0x7f0300000000UL
#define PAGES 0x7f0400000000UL
#define MAPPINGS 5

#define SLAB PAGES              /* a page of 85 regions of 48 bytes */
#define LARGE (PAGES + 0x10000) /* 20 KiB, and the page that large blocks are shifted within */
#define FREE_PAGES (PAGES + 0x20000)
#define CLASS_48 3UL
#define CLASS_20K 37UL
#define NO_CLASS 232UL

struct tree {
	struct heap_process process;
	struct heap_mapping mappings[MAPPINGS];
	uint8_t *bytes[MAPPINGS];
	struct heap heap;
};

static uint8_t *bytes_at(struct tree *tree, uint64_t address, size_t size)
{
	for (unsigned int i = 0; i < MAPPINGS; i++) {
		const struct heap_mapping *mapping = &tree->mappings[i];

		if (address >= mapping->start && address < mapping->end && size <= mapping->end - address)
			return tree->bytes[i] + (address - mapping->start);
	}
	return NULL;
}

static int tree_read(void *context, uint64_t address, void *buffer, size_t size)
{
	const uint8_t *bytes = bytes_at(context, address, size);

	if (!bytes)
		return -EFAULT;
	memcpy(buffer, bytes, size);
	return 0;
}

static void put(struct tree *tree, uint64_t address, uint64_t word)
{
	memcpy(bytes_at(tree, address, sizeof(word)), &word, sizeof(word));
}

static uint64_t leaf_word_at(uint64_t page)
{
	return LEAF + (page >> 12 & 0x3ffff) * 8;
}

/* A description, and the tree's words for its first and last page. */
static void put_extent(struct tree *tree, unsigned int number, uint64_t block, uint64_t size, uint64_t bits)
{
	uint64_t at = DESCRIPTIONS + 128 * number, state = bits >> 17 & 7, size_class = bits >> 20 & 0xff;
	uint64_t word = at | state << 2 | (bits >> 12 & 1), start = block & ~4095UL;

	put(tree, at, bits);
	put(tree, at + 8, block);
	put(tree, at + 16, size | 7);
	put(tree, leaf_word_at(start + size - 4096), word | NO_CLASS << 48);
	put(tree, leaf_word_at(start), word | (state ? NO_CLASS : size_class) << 48);
}

static struct tree *tree_new(void)
{
	static const struct heap_mapping mappings[MAPPINGS] = {
	    {DATA, VARIABLES, HEAP_MAPPING_FILE, true, true, false},
	    {VARIABLES, VARIABLES + LEVEL_BYTES + 0x10000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {LEAF & ~4095UL, (LEAF & ~4095UL) + LEVEL_BYTES + 4096, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {DESCRIPTIONS, DESCRIPTIONS + 0x1000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {PAGES, PAGES + 0x40000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	};
	struct tree *tree = calloc(1, sizeof(*tree));

	memcpy(tree->mappings, mappings, sizeof(mappings));
	for (unsigned int i = 0; i < MAPPINGS; i++)
		tree->bytes[i] = calloc(1, mappings[i].end - mappings[i].start);
	tree->process = (struct heap_process){
	    .read = tree_read, .context = tree, .mappings = tree->mappings, .n_mappings = MAPPINGS};
	put(tree, ROOT + (PAGES >> 30) * 8, LEAF);
	/* 85 regions, of which the last three are free. */
	put_extent(tree, 1, SLAB, 4096, 1UL << 12 | CLASS_48 << 20 | 3UL << 28);
	put(tree, DESCRIPTIONS + 128 + 64 + 8, 7UL << (82 - 64));
	put_extent(tree, 2, LARGE + 0x80, 0x6000, CLASS_20K << 20);
	put_extent(tree, 3, FREE_PAGES, 0x3000, 1UL << 17);
	return tree;
}

static void tree_free(struct tree *tree)
{
	heap_free(&tree->heap);
	for (unsigned int i = 0; i < MAPPINGS; i++)
		free(tree->bytes[i]);
	free(tree);
}

static void walk(struct tree *tree)
{
	const char *fault;

	heap_free(&tree->heap);
	assert_int_equal(heap_walk(&tree->process, &tree->heap), 0);
	fault = heap_fault(&tree->process, &tree->heap);
	if (fault)
		fail_msg("%s", fault);
}

static void assert_extent(const struct tree *tree, uint64_t address, uint64_t size, enum heap_kind wanted)
{
	const struct heap_extent *extent;
	enum heap_kind kind;

	assert_true(heap_find(&tree->heap, address, &kind, &extent));
	assert_non_null(extent);
	assert_int_equal(extent->start, address);
	assert_int_equal(extent->end - extent->start, size);
	assert_int_equal(kind, wanted);
}

static bool is_known(const struct tree *tree, uint64_t address)
{
	const struct heap_extent *extent;
	enum heap_kind kind;

	return heap_find(&tree->heap, address, &kind, &extent);
}

static void test_a_tree(void **state)
{
	struct tree *tree = tree_new();

	(void)state;
	walk(tree);
	assert_int_equal(tree->heap.n_areas, 3);
	assert_extent(tree, SLAB, 48, HEAP_MAYBE_USED);
	assert_extent(tree, SLAB + 81 * 48, 48, HEAP_MAYBE_USED);
	assert_extent(tree, SLAB + 82 * 48, 48, HEAP_FREE);
	assert_int_equal(tree->heap.blocks[HEAP_MAYBE_USED], 83);
	assert_extent(tree, LARGE + 0x80, 20480, HEAP_MAYBE_USED);
	assert_extent(tree, FREE_PAGES, 0x3000, HEAP_FREE);
	assert_int_equal(tree->heap.troubles[HEAP_BROKEN].count, 0);
	assert_int_equal(tree->heap.troubles[HEAP_NO_CACHES].count, 1);
	tree_free(tree);
}

/* The first words of a leaf are its proof: what contradicts itself there makes it no tree at all. */
static void test_what_contradicts_itself(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {DESCRIPTIONS + 128 + 8, SLAB + 4096},                              /* another page */
	    {DESCRIPTIONS + 128 + 16, 0},                                       /* no size */
	    {DESCRIPTIONS + 128, 1UL << 12 | CLASS_48 << 20 | 4UL << 28},       /* more free than there are */
	    {DESCRIPTIONS + 128, 1UL << 12 | (CLASS_48 + 1) << 20 | 3UL << 28}, /* another size */
	    {DESCRIPTIONS + 128, CLASS_48 << 20 | 3UL << 28},                   /* no slab */
	    {DESCRIPTIONS + 128 + 16, ~0UL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tree *tree = tree_new();

		put(tree, rows[i].at, rows[i].word);
		walk(tree);
		assert_false(is_known(tree, SLAB));
		assert_int_equal(tree->heap.n_areas, 0);
		tree_free(tree);
	}
}

static void test_an_extent_that_is_being_changed(void **state)
{
	struct tree *tree = tree_new();

	(void)state;
	put_extent(tree, 3, FREE_PAGES, 0x3000, 4UL << 17);
	walk(tree);
	assert_extent(tree, FREE_PAGES, 0x3000, HEAP_UNKNOWN);
	tree_free(tree);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

static void test_any_words(void **state)
{
	static const uint64_t starts[] = {DESCRIPTIONS, DESCRIPTIONS + 128, DESCRIPTIONS + 256, DESCRIPTIONS + 384};
	struct tree *tree = tree_new();
	uint64_t seed = 7;

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		uint64_t at = starts[next_random(&seed) % 4] + next_random(&seed) % 16 * 8, kept;

		if (next_random(&seed) % 3 == 0)
			at = leaf_word_at(PAGES + next_random(&seed) % 0x40 * 4096);
		memcpy(&kept, bytes_at(tree, at, 8), 8);
		put(tree, at,
		    next_random(&seed) % 2 ? kept ^ 1UL << next_random(&seed) % 64 : next_random(&seed) << 12);
		walk(tree);
		if (next_random(&seed) % 4)
			put(tree, at, kept);
	}
	tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_tree),
	    cmocka_unit_test(test_what_contradicts_itself),
	    cmocka_unit_test(test_an_extent_that_is_being_changed),
	    cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

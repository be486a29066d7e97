// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jemalloc's tree and a thread's cache, made up in all versions: a slab, a large block, free pages; and what is made of
 * them where something is wrong.
 */
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
#include "heap/jemalloc_layout.h"

#define DATA 0x7f0100000000UL
#define VARIABLES (DATA + 0x1000)
#define ROOT (VARIABLES + 0x4b18)
#define LEVEL_BYTES 0x200000UL
#define LEAF (0x7f0200000000UL + 0xc0)
#define DESCRIPTIONS 0x7f0300000000UL
#define PAGES 0x7f0400000000UL
#define VARIABLES_OF_THREAD 0x7f0500000000UL
#define MAPPINGS 6

#define SLAB PAGES              /* a page of 85 regions of 48 bytes */
#define LARGE (PAGES + 0x10000) /* 20 KiB, and the page that large blocks are shifted within */
#define FREE_PAGES (PAGES + 0x20000)
#define LISTS (PAGES + 0x30000)       /* 16 KiB that a cache's lists are in */
#define OTHER_LISTS (PAGES + 0x38000) /* the same of a thread that is gone */

#define THREAD_POINTER (VARIABLES_OF_THREAD + 0x8000)
#define THREAD (THREAD_POINTER - 0x4000)
#define NO_ADDRESS 1UL
#define ARENA 0x7f0300000080UL

/* How long the cache's lists are. The one of 8 bytes is long, and empty. */
#define SLOTS_8 1800
#define SLOTS_48 4
#define SLOTS_20K 2

struct tree {
	const struct jemalloc_layout *layout;
	struct heap_process process;
	uint64_t thread_pointer;
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

static uint64_t class_of(const struct tree *tree, uint64_t size)
{
	uint64_t size_class = 0;

	while (jemalloc_class_size(tree->layout, size_class) != size)
		size_class++;
	return size_class;
}

/* A description's first word. */
static uint64_t bits_of(const struct tree *tree, uint64_t state, uint64_t size, bool slab, uint64_t n_free)
{
	uint64_t size_class = size ? class_of(tree, size) : jemalloc_classes(tree->layout);

	return (uint64_t)slab << 12 | state << tree->layout->state_shift | size_class << tree->layout->class_shift |
	       n_free << tree->layout->free_shift;
}

/* A description, and the tree's words for its first and last page. */
static void put_extent(struct tree *tree, unsigned int number, uint64_t block, uint64_t size, uint64_t bits)
{
	const struct jemalloc_layout *layout = tree->layout;
	uint64_t at = DESCRIPTIONS + 128 * number, slab = bits >> 12 & 1;
	uint64_t state = bits >> layout->state_shift & ((1UL << layout->state_width) - 1);
	uint64_t size_class = bits >> layout->class_shift & 0xff, none = jemalloc_classes(layout);
	uint64_t word = at | slab | (layout->tree_state_width ? state << layout->tree_state_shift : 0);
	uint64_t start = block & ~4095UL;

	put(tree, at, bits);
	put(tree, at + 8, block);
	put(tree, at + 16, size | 7);
	put(tree, leaf_word_at(start + size - 4096), word | none << 48);
	put(tree, leaf_word_at(start), word | (state ? none : size_class) << 48);
}

static uint64_t list_at(const struct tree *tree, uint64_t size)
{
	const struct jemalloc_cache_layout *cache = &tree->layout->thread_cache;
	uint64_t size_class = class_of(tree, size), n_small = jemalloc_small_classes(tree->layout);

	return THREAD + (size_class < n_small ? cache->small_lists + size_class * JEMALLOC_LIST_BYTES
	                                      : cache->large_lists + (size_class - n_small) * JEMALLOC_LIST_BYTES);
}

static void put_list(struct tree *tree, uint64_t size, uint64_t end, uint64_t n)
{
	uint64_t at = list_at(tree, size);
	uint16_t low = (uint16_t)end;
	uint32_t count = (uint32_t)n;

	if (tree->layout->has_marks) {
		put(tree, at, end - n * 8);
		memcpy(bytes_at(tree, at + 20, sizeof(low)), &low, sizeof(low));
	} else {
		memcpy(bytes_at(tree, at + 4, sizeof(count)), &count, sizeof(count));
		put(tree, at + 16, end);
	}
}

static uint64_t lists_start(const struct tree *tree)
{
	return tree->layout->has_marks ? 8 : 0;
}

/* Where the lists of blocks of 48 bytes and of 20 KiB end, in the memory that they are in. */
static uint64_t end_of_48(const struct tree *tree)
{
	return lists_start(tree) + (SLOTS_8 + SLOTS_48) * 8UL;
}

static uint64_t end_of_20k(const struct tree *tree)
{
	return end_of_48(tree) + SLOTS_20K * 8UL;
}

static void put_marks(struct tree *tree, uint64_t lists)
{
	if (!tree->layout->has_marks)
		return;
	put(tree, lists, JEMALLOC_MARK_BEFORE);
	put(tree, lists + end_of_20k(tree), JEMALLOC_MARK_BEHIND);
}

/* A thread that keeps two blocks of 48 bytes, and has had a third; and one large block. */
static void put_thread(struct tree *tree)
{
	const struct jemalloc_layout *layout = tree->layout;
	const struct jemalloc_cache_layout *cache = &layout->thread_cache;
	uint64_t leaf_at = PAGES >> 30 << 30, place = leaf_at >> 30 & 15;

	for (uint64_t i = 0; i < 24; i++)
		put(tree, THREAD + layout->seen_leaves + i * 16, NO_ADDRESS);
	put(tree, THREAD + layout->seen_leaves + place * 16, leaf_at);
	put(tree, THREAD + layout->seen_leaves + place * 16 + 8, LEAF);
	*bytes_at(tree, THREAD + layout->has_cache, 1) = 1;
	put(tree, THREAD + cache->arena, ARENA);
	if (cache->memory)
		put(tree, THREAD + cache->memory, LISTS);
	for (uint32_t i = 0; i < cache->n_links; i++)
		put(tree, THREAD + cache->links[i].at, THREAD + cache->links[i].to);
	put_list(tree, 8, LISTS + lists_start(tree) + SLOTS_8 * 8, 0);
	put_list(tree, 48, LISTS + end_of_48(tree), 2);
	put_list(tree, 20480, LISTS + end_of_20k(tree), 1);
	put(tree, LISTS + end_of_48(tree) - 24, SLAB + 10 * 48);
	put(tree, LISTS + end_of_48(tree) - 16, SLAB + 20 * 48);
	put(tree, LISTS + end_of_48(tree) - 8, SLAB + 30 * 48);
	put(tree, LISTS + end_of_20k(tree) - 8, LARGE + 0x80);
	put_marks(tree, LISTS);
}

static struct tree *tree_new(size_t layout)
{
	static const struct heap_mapping mappings[MAPPINGS] = {
	    {DATA, VARIABLES, HEAP_MAPPING_FILE, true, true, false},
	    {VARIABLES, VARIABLES + LEVEL_BYTES + 0x10000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {LEAF & ~4095UL, (LEAF & ~4095UL) + LEVEL_BYTES + 4096, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {DESCRIPTIONS, DESCRIPTIONS + 0x1000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {PAGES, PAGES + 0x40000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {VARIABLES_OF_THREAD, VARIABLES_OF_THREAD + 0x9000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	};
	struct tree *tree = calloc(1, sizeof(*tree));

	memcpy(tree->mappings, mappings, sizeof(mappings));
	for (unsigned int i = 0; i < MAPPINGS; i++)
		tree->bytes[i] = calloc(1, mappings[i].end - mappings[i].start);
	tree->layout = &jemalloc_layouts[layout];
	tree->thread_pointer = THREAD_POINTER;
	tree->process = (struct heap_process){.read = tree_read,
	                                      .context = tree,
	                                      .mappings = tree->mappings,
	                                      .n_mappings = MAPPINGS,
	                                      .thread_pointers = &tree->thread_pointer,
	                                      .n_threads = 1};
	put(tree, ROOT + (PAGES >> 30) * 8, LEAF);
	/* 85 regions, of which the last three are free. */
	put_extent(tree, 1, SLAB, 4096, bits_of(tree, 0, 48, true, 3));
	put(tree, DESCRIPTIONS + 128 + 64 + 8, 7UL << (82 - 64));
	put_extent(tree, 2, LARGE + 0x80, 0x6000, bits_of(tree, 0, 20480, false, 0));
	put_extent(tree, 3, FREE_PAGES, 0x3000, bits_of(tree, 1, 0, false, 0));
	put_extent(tree, 4, LISTS, 0x5000, bits_of(tree, 0, 16384, false, 0));
	put_thread(tree);
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
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		struct tree *tree = tree_new(i);

		walk(tree);
		assert_int_equal(tree->heap.n_areas, 4);
		assert_extent(tree, SLAB, 48, HEAP_USED);
		assert_extent(tree, SLAB + 81 * 48, 48, HEAP_USED);
		assert_extent(tree, SLAB + 82 * 48, 48, HEAP_FREE);
		assert_extent(tree, FREE_PAGES, 0x3000, HEAP_FREE);
		/* What the thread keeps, and what it has had. */
		assert_extent(tree, SLAB + 10 * 48, 48, HEAP_USED);
		assert_extent(tree, SLAB + 20 * 48, 48, HEAP_FREE);
		assert_extent(tree, SLAB + 30 * 48, 48, HEAP_FREE);
		assert_extent(tree, LARGE + 0x80, 20480, HEAP_FREE);
		assert_extent(tree, LISTS, 16384, HEAP_METADATA);
		assert_int_equal(tree->heap.blocks[HEAP_USED], 80);
		assert_int_equal(tree->heap.blocks[HEAP_MAYBE_USED], 0);
		for (unsigned int trouble = 0; trouble < HEAP_TROUBLE_COUNT; trouble++)
			assert_int_equal(tree->heap.troubles[trouble].count, 0);
		tree_free(tree);
	}
}

/* A thread at work may not have written the word that its list begins with, or be filling what stands before it. */
static void test_a_thread_at_work(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		struct tree *tree = tree_new(i);
		bool at_work = false;

		tree->process.in_allocator = true;
		walk(tree);
		assert_extent(tree, SLAB + 10 * 48, 48, HEAP_MAYBE_USED);
		assert_extent(tree, SLAB + 20 * 48, 48, HEAP_MAYBE_USED);
		assert_extent(tree, SLAB + 30 * 48, 48, HEAP_FREE);
		assert_extent(tree, SLAB, 48, HEAP_USED);
		assert_int_equal(tree->heap.troubles[HEAP_BUSY].count, 1);
		/* Another one is. */
		tree->process.threads_in_allocator = &at_work;
		walk(tree);
		assert_extent(tree, SLAB + 10 * 48, 48, HEAP_USED);
		assert_extent(tree, SLAB + 20 * 48, 48, HEAP_FREE);
		tree_free(tree);
	}
}

static void test_threads_without_a_cache(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		struct tree *tree = tree_new(i);

		*bytes_at(tree, THREAD + tree->layout->has_cache, 1) = 0;
		put(tree, LISTS, 0);
		walk(tree);
		assert_extent(tree, SLAB + 20 * 48, 48, HEAP_USED);
		assert_extent(tree, LARGE + 0x80, 20480, HEAP_USED);
		assert_int_equal(tree->heap.blocks[HEAP_MAYBE_USED], 0);
		tree_free(tree);
	}
}

/* Lists that no thread has, of a thread of the parent's: whatever stands in them may be free. */
static void test_lists_of_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		struct tree *tree = tree_new(i);

		put_extent(tree, 5, OTHER_LISTS, 0x5000, bits_of(tree, 0, 16384, false, 0));
		put_marks(tree, OTHER_LISTS);
		put(tree, OTHER_LISTS + end_of_48(tree) - 8, SLAB + 40 * 48);
		/* Among those of another class: it cannot be kept there. */
		put(tree, OTHER_LISTS + end_of_20k(tree) - 8, SLAB + 50 * 48);
		walk(tree);
		assert_extent(tree, SLAB + 40 * 48, 48, HEAP_MAYBE_USED);
		assert_extent(tree, SLAB + 50 * 48, 48, HEAP_USED);
		assert_extent(tree, SLAB + 20 * 48, 48, HEAP_FREE);
		assert_extent(tree, OTHER_LISTS, 16384, HEAP_MAYBE_USED);
		assert_int_equal(tree->heap.troubles[HEAP_NO_CACHES].count, 1);
		tree_free(tree);
	}
}

/* What makes a thread's cache none: then every block that might be in one is in doubt, and no other. */
static void test_caches_that_are_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++)
		for (unsigned int damage = 0; damage < 6; damage++) {
			struct tree *tree = tree_new(i);
			const struct jemalloc_layout *layout = tree->layout;

			switch (damage) {
			case 0: /* a word that leads to no block of the class */
				put(tree, LISTS + end_of_48(tree) - 8, SLAB + 30 * 48 + 8);
				break;
			case 1: /* one that leads to a free one */
				put(tree, LISTS + end_of_48(tree) - 8, SLAB + 83 * 48);
				break;
			case 2: /* twice the same */
				put(tree, LISTS + end_of_48(tree) - 8, SLAB + 20 * 48);
				break;
			case 3: /* no leaf of the tree */
				put(tree, THREAD + layout->seen_leaves + (PAGES >> 30 & 15) * 16 + 8, LEAF + 64);
				break;
			case 4: /* lists in another order */
				put_list(tree, 48, LISTS + end_of_20k(tree), 2);
				break;
			default: /* no thread at all */
				tree->process.n_threads = 0;
			}
			walk(tree);
			assert_extent(tree, SLAB, 48, HEAP_MAYBE_USED);
			assert_int_equal(tree->heap.blocks[HEAP_USED], 0);
			assert_int_equal(tree->heap.troubles[HEAP_NO_CACHES].count > 0, 1);
			tree_free(tree);
		}
}

/* The first words of a leaf are its proof: what contradicts itself there makes it no tree at all. */
static void test_what_contradicts_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++)
		for (unsigned int damage = 0; damage < 6; damage++) {
			struct tree *tree = tree_new(i);
			uint64_t of_48 = bits_of(tree, 0, 48, true, 3);
			const uint64_t rows[][2] = {
			    {DESCRIPTIONS + 128 + 8, SLAB + 4096}, /* another page */
			    {DESCRIPTIONS + 128 + 16, 0},          /* no size */
			    {DESCRIPTIONS + 128,
			     of_48 + (1UL << tree->layout->free_shift)},          /* more free than there are */
			    {DESCRIPTIONS + 128, bits_of(tree, 0, 64, true, 3)},  /* another size */
			    {DESCRIPTIONS + 128, bits_of(tree, 0, 48, false, 3)}, /* no slab */
			    {DESCRIPTIONS + 128 + 16, ~0UL},
			};

			put(tree, rows[damage][0], rows[damage][1]);
			walk(tree);
			assert_false(is_known(tree, SLAB));
			assert_int_equal(tree->heap.n_areas, 0);
			tree_free(tree);
		}
}

static void test_an_extent_that_is_being_changed(void **state)
{
	struct tree *tree = tree_new(0);

	(void)state;
	put_extent(tree, 3, FREE_PAGES, 0x3000, bits_of(tree, 4, 0, false, 0));
	walk(tree);
	assert_extent(tree, FREE_PAGES, 0x3000, HEAP_UNKNOWN);
	tree_free(tree);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* Somewhere that a walk looks. */
static uint64_t random_place(const struct tree *tree, uint64_t *seed)
{
	switch (next_random(seed) % 4) {
	case 0:
		return leaf_word_at(PAGES + next_random(seed) % 0x40 * 4096);
	case 1:
		return THREAD + next_random(seed) % (tree->layout->thread_bytes / 8) * 8;
	case 2:
		return LISTS + next_random(seed) % (end_of_20k(tree) / 8 + 2) * 8;
	default:
		return DESCRIPTIONS + next_random(seed) % 80 * 8;
	}
}

static void test_any_words(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < n_jemalloc_layouts; i++) {
		struct tree *tree = tree_new(i);

		for (unsigned int round = 0; round < 300; round++) {
			uint64_t at = random_place(tree, &seed), kept;

			memcpy(&kept, bytes_at(tree, at, 8), 8);
			put(tree, at,
			    next_random(&seed) % 2 ? kept ^ 1UL << next_random(&seed) % 64 : next_random(&seed) << 12);
			tree->process.in_allocator = next_random(&seed) % 2;
			walk(tree);
			if (next_random(&seed) % 4)
				put(tree, at, kept);
		}
		tree_free(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_tree),
	    cmocka_unit_test(test_a_thread_at_work),
	    cmocka_unit_test(test_threads_without_a_cache),
	    cmocka_unit_test(test_lists_of_nobody),
	    cmocka_unit_test(test_caches_that_are_none),
	    cmocka_unit_test(test_what_contradicts_itself),
	    cmocka_unit_test(test_an_extent_that_is_being_changed),
	    cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

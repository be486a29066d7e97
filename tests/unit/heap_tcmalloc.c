// SPDX-License-Identifier: GPL-2.0-or-later
/* tcmalloc's heap, made up: two spans of objects, large blocks, free pages, the central cache and two threads'. */
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
#define ROOT (VARIABLES + 0x2018)
#define CENTRAL (VARIABLES + 0x110040)
#define CENTRAL_BYTES 1216UL
#define SIZES (CENTRAL + 128 * CENTRAL_BYTES + 0x884) /* half words, and not at a multiple of 8 */
#define SIZES_PAGES ((SIZES + 512 + 7) & ~7UL)
#define HEAPS (SIZES + 0x1004)
#define VARIABLES_BYTES 0x140000UL
#define OWN 0x7f0200000000UL
#define LEAF (OWN + 0x40)
#define LEAF_BYTES 0x200000UL
#define DESCRIPTIONS (LEAF + LEAF_BYTES + 0x1000)
#define TRACE (DESCRIPTIONS + 0x800) /* what is noted of a sampled block */
#define CACHE_A (LEAF + LEAF_BYTES + 0x4000)
#define CACHE_B (CACHE_A + 0x1080)
#define OWN_BYTES (LEAF_BYTES + 0x10000)
#define PAGES 0x7f0400000000UL
#define MAPPINGS 4

#define CLASSES 18
#define CLASS_32 3U
#define CLASS_64 5U

#define SMALL PAGES                /* a page of 256 objects of 32 bytes, the last three of them free */
#define LARGE (PAGES + 0x2000)     /* five pages */
#define SAMPLED (PAGES + 0xc000)   /* a page for a block of 100 bytes */
#define FREE (PAGES + 0xe000)      /* three pages */
#define RETURNED (PAGES + 0x14000) /* two */
#define OTHER (PAGES + 0x18000)    /* 128 objects of 64 bytes: four in the central cache, one in a thread's */

#define OBJECT(n) (SMALL + 32 * (n))
#define OTHER_OBJECT(n) (OTHER + 64 * (n))
#define DESCRIPTION(n) (DESCRIPTIONS + 48 * (n))
#define CENTRAL_OF(size_class) (CENTRAL + (size_class)*CENTRAL_BYTES)
#define LIST_OF(cache, size_class) ((cache) + 32 * (size_class))
#define CACHE_SIZE 4096UL
#define CACHE_NEXT (CACHE_SIZE + 48)

struct world {
	struct heap_process process;
	struct heap_mapping mappings[MAPPINGS];
	uint8_t *bytes[MAPPINGS];
	struct heap heap;
};

static uint8_t *bytes_at(struct world *world, uint64_t address, size_t size)
{
	for (unsigned int i = 0; i < MAPPINGS; i++) {
		const struct heap_mapping *mapping = &world->mappings[i];

		if (address >= mapping->start && address < mapping->end && size <= mapping->end - address)
			return world->bytes[i] + (address - mapping->start);
	}
	return NULL;
}

static int world_read(void *context, uint64_t address, void *buffer, size_t size)
{
	const uint8_t *bytes = bytes_at(context, address, size);

	if (!bytes)
		return -EFAULT;
	memcpy(buffer, bytes, size);
	return 0;
}

static void put(struct world *world, uint64_t address, uint64_t word)
{
	memcpy(bytes_at(world, address, sizeof(word)), &word, sizeof(word));
}

static void put_half(struct world *world, uint64_t address, uint32_t half)
{
	memcpy(bytes_at(world, address, sizeof(half)), &half, sizeof(half));
}

static uint64_t get(struct world *world, uint64_t address)
{
	uint64_t word;

	memcpy(&word, bytes_at(world, address, sizeof(word)), sizeof(word));
	return word;
}

static void put_sizes(struct world *world)
{
	static const uint32_t bytes[CLASSES] = {0,   8,   16,  32,  48,  64,   80,   96,    112,
	                                        128, 160, 192, 256, 512, 1024, 8192, 65536, 262144};

	for (unsigned int i = 1; i < CLASSES; i++) {
		put_half(world, SIZES - 512 + 4 * i, 4);
		put_half(world, SIZES + 4 * i, bytes[i]);
		put(world, SIZES_PAGES + 8 * i, (bytes[i] + 8191) / 8192);
		put_half(world, LIST_OF(CACHE_A, i) + 24, bytes[i]);
		put_half(world, LIST_OF(CACHE_B, i) + 24, bytes[i]);
	}
	put(world, SIZES_PAGES + 1024, CLASSES);
}

static uint64_t tree_word_at(uint64_t page)
{
	return LEAF + (page >> 13 & 0x3ffff) * 8;
}

/* A description, and the tree's words for its first and last page. */
static void put_span(struct world *world, unsigned int number, uint64_t start, uint64_t pages, uint64_t list,
                     uint64_t bits)
{
	uint64_t at = DESCRIPTION(number);

	put(world, at, start >> 13);
	put(world, at + 8, pages);
	put(world, at + 32, list);
	put(world, at + 40, bits);
	put(world, tree_word_at(start), at);
	put(world, tree_word_at(start + (pages - 1) * 8192), at);
}

/* The only one in a list of the central cache. */
static void put_listed(struct world *world, uint64_t list, unsigned int number)
{
	uint64_t at = DESCRIPTION(number);

	put(world, list + 16, at);
	put(world, list + 24, at);
	put(world, at + 16, list);
	put(world, at + 24, list);
}

static void put_central(struct world *world)
{
	for (unsigned int i = 0; i < CLASSES; i++) {
		put(world, CENTRAL_OF(i) + 8, i);
		for (uint64_t list = CENTRAL_OF(i) + 16; list <= CENTRAL_OF(i) + 64; list += 48) {
			put(world, list + 16, list);
			put(world, list + 24, list);
		}
		put_half(world, CENTRAL_OF(i) + 1156, 16);
	}
	put_listed(world, CENTRAL_OF(CLASS_32) + 64, 1);
	put(world, CENTRAL_OF(CLASS_32) + 112, 1);
	put(world, CENTRAL_OF(CLASS_32) + 120, 3);
	put_listed(world, CENTRAL_OF(CLASS_64) + 16, 6);
	put(world, CENTRAL_OF(CLASS_64) + 112, 1);
	put(world, CENTRAL_OF(CLASS_64) + 128, OTHER_OBJECT(10));
	put(world, CENTRAL_OF(CLASS_64) + 136, OTHER_OBJECT(13));
	put_half(world, CENTRAL_OF(CLASS_64) + 1152, 1);
}

static void put_caches(struct world *world)
{
	put(world, LIST_OF(CACHE_A, CLASS_32), OBJECT(0));
	put_half(world, LIST_OF(CACHE_A, CLASS_32) + 8, 2);
	put(world, LIST_OF(CACHE_A, CLASS_64), OTHER_OBJECT(20));
	put_half(world, LIST_OF(CACHE_A, CLASS_64) + 8, 1);
	put_half(world, CACHE_A + CACHE_SIZE, 2 * 32 + 64);
	put(world, LIST_OF(CACHE_B, CLASS_32), OBJECT(2));
	put_half(world, LIST_OF(CACHE_B, CLASS_32) + 8, 1);
	put_half(world, CACHE_B + CACHE_SIZE, 32);
	put(world, CACHE_A + CACHE_NEXT, CACHE_B);
	put(world, CACHE_B + CACHE_NEXT + 8, CACHE_A);
	put(world, HEAPS, CACHE_A);
	put_half(world, HEAPS - 8, 2);
}

static struct world *world_new(void)
{
	static const struct heap_mapping mappings[MAPPINGS] = {
	    {DATA, VARIABLES, HEAP_MAPPING_FILE, true, true, false},
	    {VARIABLES, VARIABLES + VARIABLES_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {OWN, OWN + OWN_BYTES, HEAP_MAPPING_ANONYMOUS, true, true, false},
	    {PAGES, PAGES + 0x40000, HEAP_MAPPING_ANONYMOUS, true, true, false},
	};
	struct world *world = calloc(1, sizeof(*world));

	memcpy(world->mappings, mappings, sizeof(mappings));
	for (unsigned int i = 0; i < MAPPINGS; i++)
		world->bytes[i] = calloc(1, mappings[i].end - mappings[i].start);
	world->process = (struct heap_process){
	    .read = world_read, .context = world, .mappings = world->mappings, .n_mappings = MAPPINGS};
	put(world, ROOT + (PAGES >> 31) * 8, LEAF);
	put_sizes(world);
	put_span(world, 1, SMALL, 1, OBJECT(253), 253 | CLASS_32 << 16);
	put_span(world, 2, LARGE, 5, 0, 0);
	put_span(world, 3, SAMPLED, 1, TRACE, 1 << 26);
	put_span(world, 4, FREE, 3, 0, 1 << 24);
	put_span(world, 5, RETURNED, 2, 0, 2 << 24);
	put_span(world, 6, OTHER, 1, 0, 128 | CLASS_64 << 16);
	put(world, TRACE, 100);
	/* Lists: of the span, of a thread, and of the central cache. */
	put(world, OBJECT(253), OBJECT(255));
	put(world, OBJECT(255), OBJECT(254));
	put(world, OBJECT(0), OBJECT(1));
	for (unsigned int i = 10; i < 13; i++)
		put(world, OTHER_OBJECT(i), OTHER_OBJECT(i + 1));
	put_central(world);
	put_caches(world);
	return world;
}

static void world_free(struct world *world)
{
	heap_free(&world->heap);
	for (unsigned int i = 0; i < MAPPINGS; i++)
		free(world->bytes[i]);
	free(world);
}

static void walk(struct world *world)
{
	const char *fault;

	heap_free(&world->heap);
	assert_int_equal(heap_walk(&world->process, &world->heap), 0);
	fault = heap_fault(&world->process, &world->heap);
	if (fault)
		fail_msg("%s", fault);
}

static void assert_extent(const struct world *world, uint64_t address, uint64_t size, enum heap_kind wanted)
{
	const struct heap_extent *extent;
	enum heap_kind kind;

	assert_true(heap_find(&world->heap, address, &kind, &extent));
	assert_non_null(extent);
	assert_int_equal(extent->start, address);
	assert_int_equal(extent->end - extent->start, size);
	assert_int_equal(kind, wanted);
}

static bool is_known(const struct world *world, uint64_t address)
{
	const struct heap_extent *extent;
	enum heap_kind kind;

	return heap_find(&world->heap, address, &kind, &extent);
}

static void assert_own(const struct world *world, uint64_t address)
{
	const struct heap_extent *extent;
	enum heap_kind kind;

	assert_true(heap_find(&world->heap, address, &kind, &extent));
	assert_null(extent);
	assert_int_equal(kind, HEAP_METADATA);
}

static uint64_t count_troubles(const struct world *world)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < HEAP_TROUBLE_COUNT; i++)
		n += world->heap.troubles[i].count;
	return n;
}

/* Every object of both spans, by what lists say of it. */
static void assert_whole(const struct world *world)
{
	for (unsigned int i = 0; i < 256; i++)
		assert_extent(world, OBJECT(i), 32, i < 3 || i >= 253 ? HEAP_FREE : HEAP_USED);
	for (unsigned int i = 0; i < 128; i++)
		assert_extent(world, OTHER_OBJECT(i), 64, (i >= 10 && i < 14) || i == 20 ? HEAP_FREE : HEAP_USED);
	assert_int_equal(world->heap.blocks[HEAP_USED], 250 + 123 + 2);
	assert_int_equal(world->heap.blocks[HEAP_MAYBE_USED], 0);
	assert_int_equal(count_troubles(world), 0);
}

static void test_a_heap(void **state)
{
	struct world *world = world_new();

	(void)state;
	walk(world);
	assert_whole(world);
	assert_extent(world, LARGE, 5 * 8192, HEAP_USED);
	assert_extent(world, SAMPLED, 112, HEAP_USED);
	assert_extent(world, FREE, 3 * 8192, HEAP_FREE);
	assert_extent(world, RETURNED, 2 * 8192, HEAP_FREE);
	assert_own(world, LEAF);
	assert_own(world, DESCRIPTION(1));
	assert_own(world, DESCRIPTION(6) + 47);
	assert_own(world, CACHE_A);
	assert_own(world, CACHE_B + CACHE_NEXT);
	assert_false(is_known(world, PAGES + 0x20000));
	/* The central cache's chains that are not in use any more lead to objects, too. */
	assert_int_equal(world->heap.n_variables, 1);
	assert_int_equal(world->heap.variables[0].start, CENTRAL);
	assert_int_equal(world->heap.variables[0].end, CENTRAL + CLASSES * CENTRAL_BYTES);
	world_free(world);
}

/* 2.16 keeps no thread in a cache, and one more number in the table of sizes. */
static void test_later_versions(void **state)
{
	struct world *world = world_new();

	(void)state;
	put(world, CACHE_A + CACHE_NEXT, 0);
	put(world, CACHE_B + CACHE_NEXT + 8, 0);
	put(world, CACHE_A + CACHE_SIZE + 32, CACHE_B);
	put(world, CACHE_B + CACHE_SIZE + 40, CACHE_A);
	put(world, SIZES_PAGES + 1024, 1);
	put(world, SIZES_PAGES + 1032, CLASSES);
	walk(world);
	assert_whole(world);
	world_free(world);
}

/* Large blocks may be pages on their way; small ones are not concerned. */
static void test_a_thread_in_the_allocator(void **state)
{
	struct world *world = world_new();

	(void)state;
	world->process.in_allocator = true;
	walk(world);
	assert_extent(world, LARGE, 5 * 8192, HEAP_MAYBE_USED);
	assert_extent(world, SAMPLED, 112, HEAP_MAYBE_USED);
	assert_extent(world, OBJECT(100), 32, HEAP_USED);
	assert_int_equal(world->heap.troubles[HEAP_BUSY].count, 2);
	world_free(world);
}

/* Without caches any object may be in one. */
static void test_caches_that_are_not_found(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {HEAPS - 8, 3},                       /* there are more */
	    {HEAPS, CACHE_B},                     /* not the first */
	    {CACHE_B + CACHE_NEXT + 8, CACHE_B},  /* not after the first */
	    {CACHE_A + CACHE_NEXT, CACHE_A},      /* a ring */
	    {CACHE_A + CACHE_NEXT, CACHE_B + 64}, /* no cache */
	    {LIST_OF(CACHE_B, 7) + 24, 100},      /* a list of another size */
	    {HEAPS, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_extent(world, OBJECT(100), 32, HEAP_MAYBE_USED);
		assert_extent(world, OBJECT(0), 32, HEAP_MAYBE_USED);
		assert_extent(world, OBJECT(253), 32, HEAP_FREE);
		assert_extent(world, OTHER_OBJECT(100), 64, HEAP_MAYBE_USED);
		assert_extent(world, LARGE, 5 * 8192, HEAP_USED);
		assert_int_equal(world->heap.troubles[HEAP_NO_CACHES].count, 1);
		world_free(world);
	}
}

/* What is wrong with one class's lists is no reason to doubt the other's. */
static void test_a_class_in_doubt(void **state)
{
	static const struct {
		uint64_t at, word;
		enum heap_trouble trouble;
	} rows[] = {
	    {CENTRAL_OF(CLASS_32), 1, HEAP_BUSY},                            /* its lock is held */
	    {CENTRAL_OF(CLASS_32) + 8, 4, HEAP_BAD_LIST},                    /* another class */
	    {CENTRAL_OF(CLASS_32) + 112, 2, HEAP_BAD_LIST},                  /* counts more spans */
	    {CENTRAL_OF(CLASS_32) + 120, 4, HEAP_BAD_LIST},                  /* counts more free objects */
	    {CENTRAL_OF(CLASS_32) + 64 + 16, DESCRIPTION(6), HEAP_BAD_LIST}, /* another class's span */
	    {CENTRAL_OF(CLASS_32) + 64 + 24, 0, HEAP_BAD_LIST},              /* does not lead back */
	    {CENTRAL_OF(CLASS_32) + 16 + 16, DESCRIPTION(1), HEAP_BAD_LIST}, /* a span that has free objects */
	    {DESCRIPTION(1) + 16, DESCRIPTION(1), HEAP_BAD_LIST},            /* a ring */
	    {DESCRIPTION(1) + 24, CENTRAL, HEAP_BAD_LIST},                   /* its link back is another's */
	    {CENTRAL_OF(CLASS_32) + 1152, 17UL | 16UL << 32, HEAP_BAD_LIST}, /* more chains than there may be */
	    {CENTRAL_OF(CLASS_32) + 1152, 1UL | 16UL << 32, HEAP_BAD_LIST},  /* a chain that is empty */
	    {LIST_OF(CACHE_A, CLASS_32), OBJECT(0) + 8, HEAP_BAD_LIST},      /* into an object */
	    {LIST_OF(CACHE_A, CLASS_32), OTHER_OBJECT(50), HEAP_BAD_LIST},   /* another size */
	    {LIST_OF(CACHE_A, CLASS_32), FREE, HEAP_BAD_LIST},
	    {LIST_OF(CACHE_B, CLASS_32), OBJECT(1), HEAP_BAD_LIST}, /* in the other thread's */
	    {OBJECT(1), OBJECT(0), HEAP_BAD_LIST},                  /* a ring */
	    {OBJECT(1), OBJECT(254), HEAP_BAD_LIST},                /* into the span's own list */
	    {OBJECT(1), OBJECT(100), HEAP_BUSY},                    /* longer than it is said to be */
	    {OBJECT(0), 0, HEAP_BUSY},
	    {LIST_OF(CACHE_A, CLASS_32) + 8, 3, HEAP_BUSY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_extent(world, OBJECT(101), 32, HEAP_MAYBE_USED);
		assert_extent(world, OTHER_OBJECT(100), 64, HEAP_USED);
		assert_extent(world, LARGE, 5 * 8192, HEAP_USED);
		assert_true(world->heap.troubles[rows[i].trouble].count);
		for (unsigned int j = 3; j < 253; j++) {
			const struct heap_extent *extent;
			enum heap_kind kind;

			assert_true(heap_find(&world->heap, OBJECT(j), &kind, &extent));
			assert_int_equal(kind, HEAP_MAYBE_USED);
		}
		world_free(world);
	}
}

/* A chain of the central cache that is not as long as all are, or does not end where it should. */
static void test_chains(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {CENTRAL_OF(CLASS_64) + 128, OTHER_OBJECT(11)},
	    {CENTRAL_OF(CLASS_64) + 136, OTHER_OBJECT(12)},
	    {OTHER_OBJECT(13), OTHER_OBJECT(14)},
	    {OTHER_OBJECT(13), OTHER_OBJECT(10)},
	    {OTHER_OBJECT(12), OTHER_OBJECT(13) + 64 * 128},
	    {OTHER_OBJECT(12), 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_extent(world, OTHER_OBJECT(11), 64, HEAP_MAYBE_USED);
		assert_extent(world, OTHER_OBJECT(14), 64, HEAP_MAYBE_USED);
		assert_extent(world, OTHER_OBJECT(20), 64, HEAP_FREE);
		assert_extent(world, OBJECT(100), 32, HEAP_USED);
		assert_int_equal(world->heap.troubles[HEAP_BAD_LIST].count, 1);
		world_free(world);
	}
}

/* A span whose own list is not whole is in doubt alone: the central cache counts what is free in it. */
static void test_a_span_in_doubt(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {OBJECT(253), 0},
	    {OBJECT(254), OTHER_OBJECT(3)},
	    {OBJECT(254), OBJECT(253)},
	    {OBJECT(254), OBJECT(99)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_extent(world, OBJECT(100), 32, HEAP_MAYBE_USED);
		assert_extent(world, OBJECT(253), 32, HEAP_MAYBE_USED);
		assert_extent(world, OBJECT(0), 32, HEAP_FREE);
		assert_extent(world, OTHER_OBJECT(3), 64, HEAP_USED);
		assert_int_equal(world->heap.troubles[HEAP_BAD_LIST].count, 1);
		world_free(world);
	}
}

/* One that has just been made or is about to go is in no list of the central cache's. */
static void test_a_span_on_its_way(void **state)
{
	struct world *world = world_new();
	uint64_t list = CENTRAL_OF(CLASS_32) + 64;

	(void)state;
	put(world, list + 16, list);
	put(world, list + 24, list);
	put(world, CENTRAL_OF(CLASS_32) + 112, 0);
	put(world, CENTRAL_OF(CLASS_32) + 120, 0);
	walk(world);
	assert_extent(world, OBJECT(100), 32, HEAP_MAYBE_USED);
	assert_extent(world, OBJECT(253), 32, HEAP_FREE);
	assert_int_equal(world->heap.troubles[HEAP_BUSY].count, 1);
	assert_int_equal(count_troubles(world), 1);
	world_free(world);
}

/* A cache that has other than the bytes it counts is moving objects of a size that the difference is a multiple of. */
static void test_objects_on_their_way(void **state)
{
	struct world *world = world_new();

	(void)state;
	put_half(world, CACHE_A + CACHE_SIZE, 2 * 32 + 64 + 3 * 64);
	walk(world);
	assert_extent(world, OBJECT(100), 32, HEAP_MAYBE_USED);
	assert_extent(world, OTHER_OBJECT(100), 64, HEAP_MAYBE_USED);
	assert_true(world->heap.troubles[HEAP_BUSY].count);
	/* One of 64 bytes is the thread's own, but it may as well be two of 32. */
	put_half(world, CACHE_A + CACHE_SIZE, 2 * 32);
	walk(world);
	assert_extent(world, OBJECT(100), 32, HEAP_MAYBE_USED);
	assert_extent(world, OTHER_OBJECT(100), 64, HEAP_USED);
	world_free(world);
}

/* A description that contradicts itself or the tree: its pages are in no area, and so a root. */
static void test_what_contradicts_itself(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {DESCRIPTION(2), OTHER >> 13}, /* another page */
	    {DESCRIPTION(2) + 8, 0},       /* no pages */
	    {DESCRIPTION(2) + 8, 4},       /* the last page does not lead to it */
	    {DESCRIPTION(2) + 8, 1UL << 36},
	    {DESCRIPTION(2) + 40, 3 << 24},                  /* no such place */
	    {DESCRIPTION(2) + 40, CLASS_32 << 16},           /* not as many pages as the class has */
	    {DESCRIPTION(2) + 40, CLASSES << 16},            /* no such class */
	    {DESCRIPTION(2) + 40, CLASS_32 << 16 | 1 << 24}, /* objects in free pages */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_false(is_known(world, LARGE));
		assert_extent(world, OBJECT(100), 32, HEAP_USED);
		assert_extent(world, OTHER_OBJECT(100), 64, HEAP_USED);
		assert_true(world->heap.troubles[HEAP_BROKEN].count);
		world_free(world);
	}
}

/* Nothing is walked where the library's variables are not what they should be. */
static void test_another_library(void **state)
{
	static const struct {
		uint64_t at, word;
	} rows[] = {
	    {CENTRAL + 32, 0},                    /* no list */
	    {CENTRAL_OF(1) + 8, 2},               /* no array */
	    {SIZES + 4 * (CLASSES - 1), 100},     /* sizes that do not grow */
	    {SIZES_PAGES + 1024, CLASSES - 1},    /* as many classes are not counted */
	    {ROOT + (PAGES >> 31) * 8, LEAF + 8}, /* not where its pages are */
	    {ROOT + (PAGES >> 31) * 8, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = world_new();

		put(world, rows[i].at, rows[i].word);
		walk(world);
		assert_int_equal(world->heap.n_areas, 0);
		assert_int_equal(world->heap.n_variables, 0);
		world_free(world);
	}
}

/* What would pass the limit is unknown, and lists of what was not written down lead nowhere. */
static void test_too_many(void **state)
{
	struct world *world = world_new();

	(void)state;
	for (size_t limit = 1; limit < 256 + 128 + 4; limit += 7) {
		world->process.max_extents = limit;
		walk(world);
		assert_true(world->heap.troubles[HEAP_TOO_MANY].count);
	}
	world_free(world);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

static void test_any_words(void **state)
{
	static const struct {
		uint64_t start, bytes;
	} places[] = {
	    {DESCRIPTIONS, 48 * 7},
	    {CENTRAL_OF(CLASS_32), 200},
	    {CENTRAL_OF(CLASS_64), 200},
	    {CACHE_A, 4160},
	    {CACHE_B, 4160},
	    {SMALL, 8192},
	    {OTHER, 8192},
	    {SIZES_PAGES - 520, 512},
	};
	struct world *world = world_new();
	uint64_t seed = 7;

	(void)state;
	for (unsigned int round = 0; round < 400; round++) {
		unsigned int place = next_random(&seed) % (sizeof(places) / sizeof(places[0]));
		uint64_t at = places[place].start + next_random(&seed) % (places[place].bytes / 8) * 8, kept, word;

		if (next_random(&seed) % 8 == 0)
			at = tree_word_at(PAGES + next_random(&seed) % 0x20 * 8192);
		kept = get(world, at);
		word =
		    next_random(&seed) % 2 ? kept ^ 1UL << next_random(&seed) % 64 : OBJECT(next_random(&seed) % 256);
		put(world, at, word);
		walk(world);
		if (next_random(&seed) % 4)
			put(world, at, kept);
	}
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_heap),
	    cmocka_unit_test(test_later_versions),
	    cmocka_unit_test(test_a_thread_in_the_allocator),
	    cmocka_unit_test(test_caches_that_are_not_found),
	    cmocka_unit_test(test_a_class_in_doubt),
	    cmocka_unit_test(test_chains),
	    cmocka_unit_test(test_a_span_in_doubt),
	    cmocka_unit_test(test_a_span_on_its_way),
	    cmocka_unit_test(test_objects_on_their_way),
	    cmocka_unit_test(test_what_contradicts_itself),
	    cmocka_unit_test(test_another_library),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

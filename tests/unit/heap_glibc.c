// SPDX-License-Identifier: GPL-2.0-or-later
/* glibc's heaps of all layouts, made up, and what is made of them where something in them is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "heap_fixture.h"

#define BELOW (-64) /* x86-64: variables are below the thread pointer */
#define ABOVE 80    /* aarch64 */

/* A heap with one of everything, and where it is. */
struct sample {
	struct fake *fake;
	struct heap heap;
	uint64_t cache, used, large, in_fastbin[3], in_cache[3], in_bin, top;
	uint64_t other_used, other_cache, other_in_cache, old_used, old_free;
};

static void put_other_arena(struct sample *sample, uint64_t info_size)
{
	struct fake *fake = sample->fake;
	uint64_t arena = OLD_HEAP + info_size;

	put(fake, OLD_HEAP, arena);
	put(fake, OLD_HEAP + 16, HEAP_BYTES);
	put(fake, OTHER_HEAP, arena);
	put(fake, OTHER_HEAP + 8, OLD_HEAP);
	put(fake, OTHER_HEAP + 16, HEAP_BYTES);
	put_arena(fake, arena, 0, MAIN_ARENA);
	put(fake, MAIN_ARENA + 2160, arena);
	/* The old heap ends with a fence. */
	chunks_from(fake, (arena + 2200 + 15) & ~15UL, A);
	sample->other_cache = put_cache(fake, 16);
	sample->old_used = put_used(fake, 0x500);
	sample->old_free = put_free(fake, OLD_HEAP + HEAP_BYTES - 32 - fake->at);
	fake->other_arena = 0;
	put_used(fake, 16);
	put_used(fake, 0);
	chunks_from(fake, OTHER_HEAP + info_size, A);
	sample->other_used = put_used(fake, 0x40);
	sample->other_in_cache = put_used(fake, 0x40);
	put_top(fake, arena, OTHER_HEAP + HEAP_BYTES);
	into_cache(fake, sample->other_cache, sample->other_in_cache);
}

static struct sample sample_new(bool long_counts, bool mangles, uint64_t info_size, int64_t distance)
{
	struct sample sample = {.fake = fake_new(long_counts, mangles)};
	struct fake *fake = sample.fake;

	chunks_from(fake, BRK, 0);
	sample.cache = put_cache(fake, 0);
	sample.used = put_used(fake, 0x60);
	for (unsigned int i = 0; i < 3; i++) {
		sample.in_fastbin[i] = put_used(fake, 0x40);
		sample.in_cache[i] = put_used(fake, 0x40);
		into_fastbin(fake, MAIN_ARENA, sample.in_fastbin[i]);
		into_cache(fake, sample.cache, sample.in_cache[i]);
	}
	sample.in_bin = put_free(fake, 0x800);
	sample.large = put_used(fake, 0x4000);
	sample.top = put_top(fake, MAIN_ARENA, BRK + BRK_BYTES);
	put_other_arena(&sample, info_size);
	fake->process.tls_above = distance > 0;
	put_thread(fake, distance, sample.cache, MAIN_ARENA);
	put_thread(fake, distance, sample.other_cache, OLD_HEAP + info_size);
	put_thread(fake, distance, 0, 0);
	return sample;
}

static struct sample usual_sample(void)
{
	return sample_new(true, true, 48, BELOW);
}

static void walk(struct sample *sample)
{
	const char *fault;

	assert_int_equal(heap_walk(&sample->fake->process, &sample->heap), 0);
	fault = heap_fault(&sample->fake->process, &sample->heap);
	if (fault)
		fail_msg("%s", fault);
}

static void sample_free(struct sample *sample)
{
	heap_free(&sample->heap);
	fake_free(sample->fake);
}

static enum heap_kind kind_at(const struct sample *sample, uint64_t address)
{
	const struct heap_extent *block;
	enum heap_kind kind;

	assert_true(heap_find(&sample->heap, address, &kind, &block));
	return kind;
}

static void assert_block(const struct sample *sample, uint64_t address, uint64_t size, enum heap_kind wanted)
{
	const struct heap_extent *block;
	enum heap_kind kind;

	assert_true(heap_find(&sample->heap, address, &kind, &block));
	assert_non_null(block);
	assert_int_equal(block->start, address);
	assert_int_equal(block->end - block->start, size);
	assert_int_equal(kind, wanted);
}

static uint64_t troubles(const struct sample *sample)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < HEAP_TROUBLE_COUNT; i++)
		n += sample->heap.troubles[i].count;
	return n;
}

static void assert_only_trouble(const struct sample *sample, enum heap_trouble trouble)
{
	assert_true(sample->heap.troubles[trouble].count > 0);
	assert_int_equal(troubles(sample), sample->heap.troubles[trouble].count);
}

static void check_layout(bool long_counts, bool mangles, uint64_t info_size, int64_t distance)
{
	struct sample sample = sample_new(long_counts, mangles, info_size, distance);

	walk(&sample);
	assert_int_equal(troubles(&sample), 0);
	assert_block(&sample, sample.used, 0x58, HEAP_USED);
	assert_block(&sample, sample.large, 0x3ff8, HEAP_USED);
	for (unsigned int i = 0; i < 3; i++) {
		assert_block(&sample, sample.in_fastbin[i], 0x38, HEAP_FREE);
		assert_block(&sample, sample.in_cache[i], 0x38, HEAP_FREE);
	}
	assert_block(&sample, sample.in_bin, 0x7f0, HEAP_FREE);
	assert_block(&sample, sample.top, BRK + BRK_BYTES - sample.top, HEAP_FREE);
	assert_block(&sample, sample.other_used, 0x38, HEAP_USED);
	assert_block(&sample, sample.other_in_cache, 0x38, HEAP_FREE);
	assert_block(&sample, sample.old_used, 0x4f8, HEAP_USED);
	assert_int_equal(kind_at(&sample, sample.old_free), HEAP_FREE);
	/* What is the allocator's: caches, the arena, chunks' headers, the fence. */
	assert_int_equal(kind_at(&sample, sample.cache), HEAP_METADATA);
	assert_int_equal(kind_at(&sample, sample.other_cache), HEAP_METADATA);
	assert_int_equal(kind_at(&sample, OLD_HEAP + info_size + 200), HEAP_METADATA);
	assert_int_equal(kind_at(&sample, sample.used - 8), HEAP_METADATA);
	assert_int_equal(kind_at(&sample, OLD_HEAP + HEAP_BYTES - 8), HEAP_METADATA);
	assert_int_equal(sample.heap.blocks[HEAP_USED], 4);
	assert_int_equal(sample.heap.bytes[HEAP_UNKNOWN], 0);
	assert_int_equal(sample.heap.n_areas, 3);
	sample_free(&sample);
}

static void test_layouts(void **state)
{
	(void)state;
	check_layout(false, false, 32, BELOW); /* 2.28, 2.29 */
	check_layout(true, false, 32, BELOW);  /* 2.30, 2.31 */
	check_layout(true, true, 32, BELOW);   /* 2.32 to 2.34 */
	check_layout(true, true, 48, BELOW);   /* 2.35 to 2.41 */
	check_layout(true, true, 48, ABOVE);
}

static void test_a_broken_chain_is_unknown_as_a_whole(void **state)
{
	static const uint64_t sizes[] = {0, 8, 0x18, 0x68, 0x61000, 0x60 | M, 0x60 | A, ~7UL, 1UL << 63};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sample sample = usual_sample();

		put(sample.fake, sample.used - 8, sizes[i] | P);
		walk(&sample);
		assert_int_equal(sample.heap.troubles[HEAP_BROKEN].count, 1);
		assert_block(&sample, BRK, BRK_BYTES, HEAP_UNKNOWN);
		/* Caches of the broken heap are not known, so of the other one neither which small blocks are free. */
		assert_block(&sample, sample.other_used, 0x38, HEAP_MAYBE_USED);
		assert_block(&sample, sample.old_used, 0x4f8, HEAP_USED);
		sample_free(&sample);
	}
}

static void test_free_chunks_say_their_size_twice(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put(sample.fake, sample.large - 16, 0x7f0);
	walk(&sample);
	assert_int_equal(sample.heap.troubles[HEAP_BROKEN].count, 1);
	assert_int_equal(kind_at(&sample, sample.large), HEAP_UNKNOWN);
	sample_free(&sample);
}

static void test_a_list_that_ends_nowhere(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	/* The last of the list leads back to the first: a ring. */
	put_link(sample.fake, sample.in_fastbin[0], sample.in_fastbin[2] - 16);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_BAD_LIST);
	/* Blocks of its size may be free; others not. */
	assert_block(&sample, sample.other_used, 0x38, HEAP_MAYBE_USED);
	assert_block(&sample, sample.used, 0x58, HEAP_USED);
	sample_free(&sample);
}

static void test_a_list_that_leads_to_another_size(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put_link(sample.fake, sample.in_fastbin[0], sample.used - 16);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_BAD_LIST);
	assert_block(&sample, sample.used, 0x58, HEAP_USED);
	sample_free(&sample);
}

static void test_a_cache_that_is_none(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put(sample.fake, sample.cache + 128 + 8 * 40, sample.used);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_NO_CACHES);
	assert_block(&sample, sample.used, 0x58, HEAP_MAYBE_USED);
	/* Too large for any cache. */
	assert_block(&sample, sample.large, 0x3ff8, HEAP_USED);
	assert_block(&sample, sample.old_used, 0x4f8, HEAP_USED);
	/* The other thread's is known by its list all the same. */
	assert_block(&sample, sample.other_in_cache, 0x38, HEAP_FREE);
	sample_free(&sample);
}

static void test_a_thread_that_does_not_agree(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put_thread(sample.fake, BELOW, sample.used, MAIN_ARENA);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_NO_CACHES);
	assert_block(&sample, sample.used, 0x58, HEAP_MAYBE_USED);
	sample_free(&sample);
}

static void test_no_threads(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->process.n_threads = 0;
	walk(&sample);
	assert_only_trouble(&sample, HEAP_NO_CACHES);
	assert_block(&sample, sample.in_cache[1], 0x38, HEAP_FREE);
	assert_block(&sample, sample.used, 0x58, HEAP_MAYBE_USED);
	sample_free(&sample);
}

/* As in the child of a fork: its parent's other threads are not there. */
static void test_caches_of_threads_that_are_gone(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->process.n_threads = 1;
	walk(&sample);
	assert_int_equal(troubles(&sample), 0);
	assert_block(&sample, sample.other_in_cache, 0x38, HEAP_FREE);
	assert_int_equal(kind_at(&sample, sample.other_cache), HEAP_METADATA);
	assert_block(&sample, sample.other_used, 0x38, HEAP_USED);
	sample_free(&sample);
}

static void test_an_empty_cache_looks_like_zeroes(void **state)
{
	struct sample sample = usual_sample();
	struct fake *fake = sample.fake;

	(void)state;
	chunks_from(fake, sample.top - 16, 0);
	sample.used = put_cache(fake, 0);
	put_top(fake, MAIN_ARENA, BRK + BRK_BYTES);
	walk(&sample);
	assert_int_equal(troubles(&sample), 0);
	assert_block(&sample, sample.used, 0x288, HEAP_MAYBE_USED);
	sample_free(&sample);
}

static void test_an_arena_that_is_being_changed(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put_half(sample.fake, MAIN_ARENA, 1);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_BUSY);
	assert_block(&sample, sample.large, 0x3ff8, HEAP_MAYBE_USED);
	assert_block(&sample, sample.in_cache[0], 0x38, HEAP_FREE);
	assert_block(&sample, sample.old_used, 0x4f8, HEAP_USED);
	sample_free(&sample);
}

/* A process with one thread takes no lock. */
static void test_a_lone_thread_in_the_allocator(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->process.n_threads = 1;
	sample.fake->process.in_allocator = true;
	walk(&sample);
	assert_only_trouble(&sample, HEAP_BUSY);
	assert_int_equal(sample.heap.blocks[HEAP_USED], 0);
	sample_free(&sample);
}

static void test_memory_that_somebody_else_took(void **state)
{
	struct sample sample = usual_sample();
	struct fake *fake = sample.fake;
	uint64_t fence;

	(void)state;
	/* The top was shortened by two chunks of 16 bytes; what is behind is another's, then the allocator's again. */
	chunks_from(fake, sample.top - 16, 0);
	put_used(fake, 0x100);
	fence = fake->at;
	put_used(fake, 16);
	put_used(fake, 16);
	chunks_from(fake, BRK + 0x10000, 0);
	put_top(fake, MAIN_ARENA, BRK + BRK_BYTES);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_FOREIGN);
	assert_block(&sample, sample.used, 0x58, HEAP_USED);
	assert_block(&sample, fence + 32, BRK + BRK_BYTES - fence - 32, HEAP_UNKNOWN);
	sample_free(&sample);
}

static void test_memory_that_is_not_there(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->unreadable = BRK + 0x8000; /* within the top, which nobody reads */
	walk(&sample);
	assert_int_equal(kind_at(&sample, sample.used), HEAP_USED);
	heap_free(&sample.heap);
	sample.fake->unreadable = BRK;
	walk(&sample);
	assert_int_equal(sample.heap.troubles[HEAP_UNREADABLE].count, 1);
	assert_block(&sample, BRK, BRK_BYTES, HEAP_UNKNOWN);
	heap_free(&sample.heap);
	sample.fake->unreadable = DATA;
	walk(&sample);
	assert_only_trouble(&sample, HEAP_NO_ARENA);
	assert_int_equal(sample.heap.n_areas, 0);
	sample_free(&sample);
}

static void test_an_arena_that_belongs_to_nobody(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put(sample.fake, OLD_HEAP, MAIN_ARENA);
	walk(&sample);
	assert_int_equal(sample.heap.troubles[HEAP_BAD_ARENA].count, 1);
	assert_int_equal(sample.heap.n_areas, 1);
	sample_free(&sample);
}

static void test_heaps_in_a_ring(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	put(sample.fake, OTHER_HEAP + 8, OTHER_HEAP);
	walk(&sample);
	assert_int_equal(sample.heap.troubles[HEAP_BAD_ARENA].count, 1);
	assert_true(sample.heap.troubles[HEAP_OVERLAP].count > 0);
	sample_free(&sample);
}

static void put_loose(struct fake *fake, uint64_t start, uint64_t lead, uint64_t end)
{
	put(fake, start + lead, lead);
	put(fake, start + lead + 8, (end - start - lead) | M);
}

static void test_blocks_in_mappings_of_their_own(void **state)
{
	struct sample sample = usual_sample();
	struct fake *fake = sample.fake;

	(void)state;
	/* Two in a row; one aligned to 64 bytes, one to 64 KiB behind memory of somebody else. */
	put_loose(fake, LOOSE, 0, LOOSE + 0x21000);
	put_loose(fake, LOOSE + 0x21000, 0, LOOSE + 0x40000);
	put_loose(fake, LOOSE + 0x21000, 48, LOOSE + 0x30000);
	put_loose(fake, LOOSE + 0x32000, 0xdff0, LOOSE + 0x60000);
	put_parameters(fake, BRK, 0x21000 + 0xf000 + 0x2e000);
	walk(&sample);
	assert_only_trouble(&sample, HEAP_LOOSE_BLOCKS);
	heap_free(&sample.heap);
	put_loose(fake, LOOSE + 0x30000, 0xfff0, LOOSE + 0x60000);
	put_parameters(fake, BRK, 0x60000);
	walk(&sample);
	assert_int_equal(troubles(&sample), 0);
	assert_block(&sample, LOOSE + 16, 0x20ff0, HEAP_USED);
	assert_block(&sample, LOOSE + 0x21000 + 64, 0xf000 - 64, HEAP_USED);
	assert_block(&sample, LOOSE + 0x40000, 0x20000, HEAP_USED);
	assert_int_equal(kind_at(&sample, LOOSE + 0x38000), HEAP_METADATA);
	sample_free(&sample);
}

static void test_no_more_than_the_limit(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->process.max_extents = 5;
	walk(&sample);
	assert_true(sample.heap.troubles[HEAP_TOO_MANY].count > 0);
	assert_block(&sample, BRK, BRK_BYTES, HEAP_UNKNOWN);
	sample_free(&sample);
}

static void test_no_allocator(void **state)
{
	struct sample sample = usual_sample();

	(void)state;
	sample.fake->process.n_mappings = 0;
	walk(&sample);
	assert_int_equal(sample.heap.n_areas, 0);
	assert_int_equal(troubles(&sample), 0);
	sample_free(&sample);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* A word that is likely to do harm: another one of the process, or one that is nearly right. */
static uint64_t random_word(struct fake *fake, uint64_t *state)
{
	const struct heap_mapping *mapping = &fake->mappings[next_random(state) % MAPPINGS];
	uint64_t place = mapping->start + next_random(state) % ((mapping->end - mapping->start) / 8) * 8;

	switch (next_random(state) % 5) {
	case 0:
		return get(fake, place);
	case 1:
		return place & ~15UL;
	case 2:
		return next_random(state) % 0x1000;
	case 3:
		return 1UL << next_random(state) % 64;
	default:
		return next_random(state) << 32 | next_random(state);
	}
}

/* Words that mean something: of heaps near their beginnings, and of variables. */
static uint64_t random_place(uint64_t *state)
{
	static const uint64_t starts[] = {BRK, OLD_HEAP, OTHER_HEAP, DATA, TLS, MAIN_ARENA};

	return starts[next_random(state) % 6] + next_random(state) % (next_random(state) % 2 ? 0x180 : 0x16) * 8;
}

static void test_any_words(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		struct sample sample = usual_sample();

		for (uint64_t n = 1 + next_random(&seed) % 4; n; n--)
			put(sample.fake, random_place(&seed), random_word(sample.fake, &seed));
		walk(&sample);
		sample_free(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layouts),
	    cmocka_unit_test(test_a_broken_chain_is_unknown_as_a_whole),
	    cmocka_unit_test(test_free_chunks_say_their_size_twice),
	    cmocka_unit_test(test_a_list_that_ends_nowhere),
	    cmocka_unit_test(test_a_list_that_leads_to_another_size),
	    cmocka_unit_test(test_a_cache_that_is_none),
	    cmocka_unit_test(test_a_thread_that_does_not_agree),
	    cmocka_unit_test(test_no_threads),
	    cmocka_unit_test(test_caches_of_threads_that_are_gone),
	    cmocka_unit_test(test_an_empty_cache_looks_like_zeroes),
	    cmocka_unit_test(test_an_arena_that_is_being_changed),
	    cmocka_unit_test(test_a_lone_thread_in_the_allocator),
	    cmocka_unit_test(test_memory_that_somebody_else_took),
	    cmocka_unit_test(test_memory_that_is_not_there),
	    cmocka_unit_test(test_an_arena_that_belongs_to_nobody),
	    cmocka_unit_test(test_heaps_in_a_ring),
	    cmocka_unit_test(test_blocks_in_mappings_of_their_own),
	    cmocka_unit_test(test_no_more_than_the_limit),
	    cmocka_unit_test(test_no_allocator),
	    cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

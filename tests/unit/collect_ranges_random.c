// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mapped ranges against an oracle that knows each page by itself: which mapping it is of.
 * The oracle has no ranges, so it cannot split, trim or join wrongly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranges_list.h"

#define PAGE 4096ULL
#define PAGES 96
#define STACKS 5
#define THREADS 4
#define RUNS 200
#define OPERATIONS 2000

/* A mapping, from 1; 0: none. */
struct mapping_row {
	uint32_t stack;
	uint64_t time_ns, pages;
};

struct page {
	size_t mapping;
	int64_t shift; /* from where it was mapped first; 0 for no mapping */
};

struct oracle {
	struct mapping_row mappings[2 * OPERATIONS + 1];
	size_t n_mappings;
	struct page page[PAGES];
	struct {
		int pending;
		size_t first, n;
		struct page page[PAGES];
	} taken[THREADS];
	uint64_t alloc_pages[STACKS];
};

struct world {
	struct ranges *ranges;
	struct usage usage[STACKS];
	struct oracle oracle;
	uint64_t random;
	/* Where it stands, to be told of a failure. */
	uint64_t seed;
	size_t operation;
	const char *what;
};

static size_t below(struct world *world, size_t n)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return world->random % n;
}

static struct usage *of_stack(void *context, uint32_t stack)
{
	return &((struct world *)context)->usage[stack];
}

static size_t oracle_mapping(struct oracle *oracle, uint32_t stack, uint64_t time_ns)
{
	oracle->mappings[++oracle->n_mappings] = (struct mapping_row){.stack = stack, .time_ns = time_ns};
	return oracle->n_mappings;
}

static void oracle_map(struct oracle *oracle, size_t first, size_t n, uint32_t stack, uint64_t time_ns)
{
	size_t mapping = oracle_mapping(oracle, stack, time_ns);

	for (size_t i = 0; i < n; i++)
		oracle->page[first + i] = (struct page){.mapping = mapping};
	oracle->alloc_pages[stack] += n;
}

static void oracle_take(struct oracle *oracle, size_t thread, size_t first, size_t n)
{
	oracle->taken[thread].pending = 1;
	oracle->taken[thread].first = first;
	oracle->taken[thread].n = n;
	for (size_t i = 0; i < n; i++) {
		oracle->taken[thread].page[i] = oracle->page[first + i];
		oracle->page[first + i] = (struct page){0};
	}
}

static void oracle_restore(struct oracle *oracle, size_t thread)
{
	for (size_t i = 0; i < oracle->taken[thread].n; i++) {
		struct page *page = &oracle->page[oracle->taken[thread].first + i];

		if (!page->mapping)
			*page = oracle->taken[thread].page[i];
	}
	oracle->taken[thread].pending = 0;
}

static void oracle_copy(struct oracle *oracle, size_t thread, size_t to, size_t n, uint64_t time_ns)
{
	size_t mapping = oracle->taken[thread].n ? 0 : oracle->page[oracle->taken[thread].first].mapping;

	for (size_t i = 0; i < oracle->taken[thread].n && !mapping; i++)
		mapping = oracle->taken[thread].page[i].mapping;
	oracle_restore(oracle, thread);
	if (mapping)
		oracle_map(oracle, to, n, oracle->mappings[mapping].stack, time_ns);
}

static void oracle_move(struct oracle *oracle, size_t thread, size_t to, size_t n)
{
	int64_t shift = (int64_t)to - (int64_t)oracle->taken[thread].first;
	size_t old = oracle->taken[thread].n;
	struct page last = oracle->taken[thread].page[old - 1];

	for (size_t i = 0; i < n; i++) {
		struct page *page = &oracle->page[to + i];

		*page = i < old ? oracle->taken[thread].page[i] : last;
		page->shift = page->mapping ? page->shift + shift : 0;
	}
	if (n > old && last.mapping)
		oracle->alloc_pages[oracle->mappings[last.mapping].stack] += n - old;
	oracle->taken[thread].pending = 0;
}

static int same_block(const struct page *one, const struct page *two)
{
	return one->mapping == two->mapping && one->shift == two->shift;
}

/* Blocks are the longest runs of pages of one mapping, as it was mapped. */
static void check_ranges(const struct world *world)
{
	const struct oracle *oracle = &world->oracle;
	size_t n, found = 0;
	const struct range *all = ranges_all(world->ranges, &n);

	for (size_t first = 0, end; first < PAGES; first = end) {
		const struct mapping_row *mapping = &oracle->mappings[oracle->page[first].mapping];

		for (end = first + 1; end < PAGES && same_block(&oracle->page[end], &oracle->page[first]); end++)
			;
		if (!oracle->page[first].mapping)
			continue;
		assert_true(found < n);
		assert_int_equal(all[found].start, first * PAGE);
		assert_int_equal(all[found].end, end * PAGE);
		assert_int_equal(all[found].stack, mapping->stack);
		assert_int_equal(all[found].time_ns, mapping->time_ns);
		found++;
	}
	assert_int_equal(found, n);
}

/* A mapping was freed when none of its pages is left. */
static void check_usage(const struct world *world)
{
	const struct oracle *oracle = &world->oracle;
	uint64_t live[STACKS] = {0}, allocated[STACKS] = {0}, freed[STACKS] = {0};
	static uint8_t mapped[2 * OPERATIONS + 1];

	memset(mapped, 0, sizeof(mapped));
	for (size_t i = 0; i < PAGES; i++) {
		if (oracle->page[i].mapping)
			live[oracle->mappings[oracle->page[i].mapping].stack]++;
		mapped[oracle->page[i].mapping] = 1;
	}
	for (size_t i = 1; i <= oracle->n_mappings; i++) {
		allocated[oracle->mappings[i].stack]++;
		freed[oracle->mappings[i].stack] += !mapped[i];
	}
	for (size_t i = 0; i < STACKS; i++) {
		assert_int_equal(world->usage[i].alloc_count, allocated[i]);
		assert_int_equal(world->usage[i].free_count, freed[i]);
		assert_int_equal(world->usage[i].alloc_bytes, oracle->alloc_pages[i] * PAGE);
		assert_int_equal(world->usage[i].alloc_bytes - world->usage[i].free_bytes, live[i] * PAGE);
	}
}

static void map(struct world *world, uint64_t time_ns)
{
	size_t n = 1 + below(world, 16), first = below(world, PAGES - n), replaced = 0;
	uint32_t stack = below(world, STACKS);

	world->what = "map";
	for (size_t i = 0; i < n; i++)
		replaced += world->oracle.page[first + i].mapping != 0;
	assert_int_equal(ranges_map(world->ranges, first * PAGE, (first + n) * PAGE, stack, 0, time_ns),
	                 replaced * PAGE);
	oracle_map(&world->oracle, first, n, stack, time_ns);
}

static void unmap(struct world *world)
{
	size_t n = below(world, 12), first = below(world, PAGES - n);

	world->what = "unmap";
	assert_int_equal(ranges_unmap(world->ranges, first * PAGE, (first + n) * PAGE), 0);
	memset(&world->oracle.page[first], 0, n * sizeof(struct page));
}

static void take(struct world *world, size_t thread)
{
	/* A range of its own, a block, or nothing at all. */
	size_t n = below(world, 8) ? 1 + below(world, 24) : 0, first = below(world, PAGES - n);

	world->what = "take";
	if (below(world, 2) && world->oracle.page[first].mapping) {
		for (n = 1; first + n < PAGES && same_block(&world->oracle.page[first + n], &world->oracle.page[first]);
		     n++)
			;
	}
	assert_int_equal(ranges_take(world->ranges, thread, first * PAGE, (first + n) * PAGE), 0);
	oracle_take(&world->oracle, thread, first, n);
}

static void restore(struct world *world, size_t thread)
{
	world->what = "restore";
	assert_int_equal(ranges_restore(world->ranges, thread), 0);
	oracle_restore(&world->oracle, thread);
}

static void move(struct world *world, size_t thread, uint64_t time_ns)
{
	size_t n = 1 + below(world, 24), to = below(world, PAGES - n);
	int keep_old = !below(world, 4);

	world->what = keep_old ? "move, keeping the old" : "move";
	if (below(world, 2) && world->oracle.taken[thread].first + n <= PAGES)
		to = world->oracle.taken[thread].first;
	assert_int_equal(ranges_move(world->ranges, thread, to * PAGE, n * PAGE, keep_old, time_ns), 0);
	if (keep_old || !world->oracle.taken[thread].n)
		oracle_copy(&world->oracle, thread, to, n, time_ns);
	else
		oracle_move(&world->oracle, thread, to, n);
}

static void step(struct world *world, uint64_t time_ns)
{
	size_t what = below(world, 10), thread = below(world, THREADS);

	if (world->oracle.taken[thread].pending && what < 6)
		what < 3 ? restore(world, thread) : move(world, thread, time_ns);
	else if (what < 5)
		map(world, time_ns);
	else if (what < 6)
		unmap(world);
	else
		take(world, thread);
}

static int set_up(void **state)
{
	*state = malloc(sizeof(struct world));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (world->ranges)
		print_error("seed %llu, operation %zu: %s\n", (unsigned long long)world->seed, world->operation,
		            world->what);
	ranges_free(world->ranges);
	free(world);
	return 0;
}

static void agrees_with_the_oracle(void **state)
{
	struct world *world = *state;
	struct ranges_stats stats = {.of_stack = of_stack, .context = world};

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		memset(world, 0, sizeof(*world));
		world->seed = seed;
		world->random = seed * 0x9E3779B97F4A7C15ULL;
		world->ranges = ranges_new(&stats);
		while (++world->operation <= OPERATIONS) {
			step(world, world->operation);
			check_ranges(world);
			check_usage(world);
		}
		ranges_free(world->ranges);
		world->ranges = NULL;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(agrees_with_the_oracle, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own count of its caches against what events tell, on numbers that are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/kernel_growth.h"
#include "unit/sample_kernel.h"

static const struct kernel_selection all = {.top = 10};

static const struct cache_growth *find(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->kernel->n_caches; i++) {
		if (!strcmp(snapshot->kernel->caches[i].name, name))
			return &snapshot->kernel->caches[i];
	}
	fail_msg("no cache %s", name);
	return NULL;
}

/* One cache and one stack of it. */
struct judged {
	uint64_t before, after, allocated, live, unknown_frees, unseen_frees, capacity;
	bool unverifiable;
	uint64_t possible, explained;
};

static void judge(const struct judged *row)
{
	struct snapshot *snapshot = sample_kernel_new(1, 1);
	struct cache_growth *cache = &snapshot->kernel->caches[0];

	sample_count(snapshot, 0, row->before, row->after);
	cache->unknown_frees = row->unknown_frees;
	cache->unseen_frees = row->unseen_frees;
	cache->capacity_objects = row->capacity;
	sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), row->allocated, row->live, SAMPLE_OBJECT_BYTES);
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	cache = &snapshot->kernel->caches[0];
	assert_int_equal(cache->alloc_count, row->allocated);
	assert_int_equal(cache->free_count, row->allocated - row->live + row->unknown_frees);
	assert_int_equal(cache->live_blocks, row->live);
	assert_int_equal(cache->unverifiable, row->unverifiable);
	assert_int_equal(cache->possible_objects, row->possible);
	assert_int_equal(cache->explained_objects, row->explained);
	assert_int_equal(snapshot->stacks[0].possible_blocks, row->possible);
	snapshot_free(snapshot);
}

static void judges_what_can_be_seen(void **state)
{
	static const struct judged rows[] = {
	    /* All that grew was traced. */
	    {.before = 500, .after = 1500, .allocated = 1000, .live = 1000, .possible = 1000, .explained = 1000},
	    {.before = 500, .after = 1500, .allocated = 9000, .live = 1000, .possible = 1000, .explained = 1000},
	    /* New objects took the place of 400 older ones. */
	    {.before = 500,
	     .after = 1100,
	     .allocated = 1000,
	     .live = 1000,
	     .unknown_frees = 400,
	     .possible = 1000,
	     .explained = 600},
	    /* The cache has not grown, or has shrunk. */
	    {.before = 500, .after = 500, .allocated = 1000, .live = 300, .unknown_frees = 300, .possible = 300},
	    {.before = 500, .after = 100, .allocated = 1000, .live = 0, .unknown_frees = 400},
	    /* Allocations without events. */
	    {.before = 0, .after = 5000, .allocated = 1000, .live = 1000, .possible = 1000, .explained = 1000},
	    {.before = 0, .after = 5000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i]);
}

static void judges_what_cannot_be_seen(void **state)
{
	static const struct judged rows[] = {
	    /* Far more was told than the cache has grown by. */
	    {.before = 500,
	     .after = 600,
	     .allocated = 10000,
	     .live = 10000,
	     .unverifiable = true,
	     .possible = 100,
	     .explained = 100},
	    {.before = 500,
	     .after = 600,
	     .allocated = 10000,
	     .live = 10000,
	     .unknown_frees = 30,
	     .unverifiable = true,
	     .possible = 130,
	     .explained = 100},
	    {.before = 500, .after = 450, .allocated = 10000, .live = 10000, .unverifiable = true},
	    /* An address came back that no event had told to be free. */
	    {.before = 500,
	     .after = 510,
	     .allocated = 10,
	     .live = 10,
	     .unseen_frees = 1,
	     .unverifiable = true,
	     .possible = 10,
	     .explained = 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i]);
}

/* The counts are not read at one moment: 64 objects, a 200th of what passed, and what CPUs keep at hand. */
static void allows_for_the_time_between_readings(void **state)
{
	static const struct judged rows[] = {
	    {.before = 0, .after = 931, .allocated = 1000, .live = 1000, .possible = 1000, .explained = 931},
	    {.before = 0,
	     .after = 930,
	     .allocated = 1000,
	     .live = 1000,
	     .unverifiable = true,
	     .possible = 930,
	     .explained = 930},
	    {.before = 0,
	     .after = 831,
	     .allocated = 1000,
	     .live = 1000,
	     .capacity = 100,
	     .possible = 1000,
	     .explained = 831},
	    {.before = 0,
	     .after = 830,
	     .allocated = 1000,
	     .live = 1000,
	     .capacity = 100,
	     .unverifiable = true,
	     .possible = 830,
	     .explained = 830},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i]);
}

/* What a filter leaves out is freed all the same: such frees are not those of what was traced. */
static void judges_what_was_filtered(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(2, 2);
	const struct cache_growth *caches;

	(void)state;
	snapshot->kernel->filtered = true;
	sample_count(snapshot, 0, 0, 5000);
	snapshot->kernel->caches[0].unknown_frees = 3000;
	sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 1200, 1000, 100);
	/* Others have freed more than these have allocated. */
	sample_count(snapshot, 1, 5000, 4000);
	snapshot->kernel->caches[1].unknown_frees = 2000;
	sample_kernel_stack(snapshot, 1, SAMPLE_CLASS(1), 1000, 1000, 100);
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	caches = snapshot->kernel->caches;
	assert_int_equal(caches[0].free_count, 200);
	assert_int_equal(caches[0].unknown_frees, 3000);
	assert_int_equal(caches[0].explained_objects, 1000);
	assert_false(caches[0].unverifiable);
	assert_int_equal(caches[1].free_count, 0);
	assert_int_equal(caches[1].possible_objects, 1000);
	assert_false(caches[1].unverifiable);
	snapshot_free(snapshot);
}

/* What the cache can still hold is the bound of each of its stacks. */
static void bounds_each_stack(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(2, 4);

	(void)state;
	sample_count(snapshot, 0, 0, 500);
	sample_count(snapshot, 1, 0, 400);
	sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 6000, 6000, 100);
	sample_kernel_stack(snapshot, 1, SAMPLE_CLASS(0), 300, 300, 100);
	sample_kernel_stack(snapshot, 2, SAMPLE_CLASS(1), 400, 400, 100);
	sample_kernel_stack(snapshot, 3, SAMPLE_CLASS_OF_KIND(snapshot, KIND_VMALLOC), 7000, 7000, 4096);
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	assert_int_equal(snapshot->n_stacks_shown, 4);
	assert_int_equal(snapshot->stacks[0].possible_blocks, 500);
	assert_int_equal(snapshot->stacks[1].possible_blocks, 300);
	assert_int_equal(snapshot->stacks[2].possible_blocks, 400);
	assert_int_equal(snapshot->stacks[3].possible_blocks, 7000);
	snapshot_free(snapshot);
}

/* Five caches, of which cache-3 grew by most bytes, cache-1 by most objects; cache-2 not at all, cache-4 shrank. */
static struct snapshot *make_five(void)
{
	struct snapshot *snapshot = sample_kernel_new(5, 10);

	snapshot->kernel->caches[3].slot_bytes = 8192;
	sample_count(snapshot, 0, 100, 110);
	sample_count(snapshot, 1, 100, 1100);
	sample_count(snapshot, 2, 100, 100);
	sample_count(snapshot, 3, 100, 200);
	sample_count(snapshot, 4, 100, 50);
	sample_alias(snapshot, 2, "other");
	sample_alias(snapshot, 2, "third");
	for (size_t i = 0; i < 5; i++) {
		uint64_t grown = (uint64_t[]){10, 1000, 0, 100, 0}[i];

		sample_kernel_stack(snapshot, 2 * i, SAMPLE_CLASS(i), 2000, grown / 10, 100);
		sample_kernel_stack(snapshot, 2 * i + 1, SAMPLE_CLASS(i), 3000, grown - grown / 10, 100);
	}
	return snapshot;
}

static void assert_shown(const struct snapshot *snapshot, const char *const *names)
{
	const struct kernel_memory *memory = snapshot->kernel;
	size_t n = 0;

	for (; names[n]; n++) {
		assert_true(n < memory->n_caches);
		assert_string_equal(memory->caches[n].name, names[n]);
		assert_true(memory->caches[n].shown);
	}
	for (; n < memory->n_caches; n++)
		assert_false(memory->caches[n].shown);
}

#define ASSERT_SHOWN(snapshot, ...) assert_shown(snapshot, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static const struct cache_growth *cache_of(const struct snapshot *snapshot, size_t stack)
{
	return &snapshot->kernel->caches[snapshot->kernel->classes[snapshot->stacks[stack].class_index].cache];
}

static void ranks_caches_by_bytes(void **state)
{
	struct snapshot *snapshot = make_five();

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	ASSERT_SHOWN(snapshot, "cache-3", "cache-1", "cache-0");
	assert_int_equal(snapshot->kernel->n_caches_shown, 3);
	assert_int_equal(snapshot->kernel->n_caches, 5);
	/* Stacks follow their caches, the larger ones first. */
	assert_int_equal(snapshot->n_stacks_shown, 6);
	assert_int_equal(snapshot->n_stacks, 10);
	for (size_t i = 0; i < 6; i++)
		assert_ptr_equal(cache_of(snapshot, i), &snapshot->kernel->caches[i / 2]);
	assert_int_equal(snapshot->stacks[0].usage.live_blocks, 90);
	assert_int_equal(snapshot->stacks[1].usage.live_blocks, 10);
	assert_int_equal(snapshot->stacks[2].usage.live_blocks, 900);
	assert_int_equal(snapshot->stacks[5].usage.live_blocks, 1);
	assert_int_equal(snapshot->totals.live_blocks, 1110);
	assert_int_equal(snapshot->kinds[KIND_SLAB].alloc_count, 25000);
	snapshot_free(snapshot);
}

static void shows_the_top(void **state)
{
	struct snapshot *snapshot = make_five();

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 1}), 0);
	ASSERT_SHOWN(snapshot, "cache-3");
	/* How many grew is known all the same. */
	assert_int_equal(snapshot->kernel->n_caches_shown, 3);
	assert_int_equal(snapshot->n_stacks_shown, 1);
	assert_int_equal(snapshot->stacks[0].usage.live_blocks, 90);
	snapshot_free(snapshot);
}

/* Also stacks of which nothing is live, and those of caches that did not grow. */
static void shows_all(void **state)
{
	struct snapshot *snapshot = make_five();

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 0}), 0);
	ASSERT_SHOWN(snapshot, "cache-3", "cache-1", "cache-0");
	assert_int_equal(snapshot->n_stacks_shown, 10);
	assert_string_equal(cache_of(snapshot, 6)->name, "cache-2");
	assert_string_equal(cache_of(snapshot, 9)->name, "cache-4");
	snapshot_free(snapshot);
}

static void leaves_out_what_grew_by_less(void **state)
{
	struct snapshot *snapshot = make_five();
	const struct kernel_selection selection = {.top = 10, .min_growth_bytes = 1000 * SAMPLE_SLOT_BYTES};

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &selection), 0);
	ASSERT_SHOWN(snapshot, "cache-3", "cache-1");
	assert_int_equal(snapshot->kernel->n_caches_shown, 2);
	assert_int_equal(snapshot->n_stacks_shown, 4);
	snapshot_free(snapshot);
	snapshot = make_five();
	assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 10, .min_growth_bytes = INT64_MAX}),
	                 0);
	ASSERT_SHOWN(snapshot);
	assert_int_equal(snapshot->n_stacks_shown, 0);
	snapshot_free(snapshot);
}

/* The one that is asked for is shown, by any of its names, whether it grew or not. */
static void shows_the_cache_asked_for(void **state)
{
	static const struct {
		const char *wanted, *shown;
	} rows[] = {{"cache-1", "cache-1"}, {"other", "cache-2"}, {"third", "cache-2"}, {"cache-4", "cache-4"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *snapshot = make_five();

		assert_int_equal(
		    kernel_growth(snapshot, &(struct kernel_selection){.top = 10, .cache = rows[i].wanted}), 0);
		ASSERT_SHOWN(snapshot, rows[i].shown);
		assert_int_equal(snapshot->kernel->n_caches_shown, 1);
		snapshot_free(snapshot);
	}
}

static void orders_stacks_by_each_key(void **state)
{
	static const struct {
		enum select_key key;
		uint64_t sizes[3];
	} rows[] = {{SELECT_BYTES, {300, 200, 100}},
	            {SELECT_GROWTH, {300, 200, 100}},
	            {SELECT_COUNT, {200, 100, 300}},
	            {SELECT_AGE, {100, 300, 200}}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *snapshot = sample_kernel_new(1, 3);

		sample_count(snapshot, 0, 0, 240);
		sample_kernel_stack(snapshot, 0, SAMPLE_CLASS(0), 70, 70, 100)->oldest_ns = 900;
		sample_kernel_stack(snapshot, 1, SAMPLE_CLASS(0), 100, 100, 200)->oldest_ns = 100;
		sample_kernel_stack(snapshot, 2, SAMPLE_CLASS(0), 69, 69, 300)->oldest_ns = 500;
		assert_int_equal(kernel_growth(snapshot, &(struct kernel_selection){.top = 10, .sort = rows[i].key}),
		                 0);
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(snapshot->stacks[j].usage.live_bytes / snapshot->stacks[j].usage.live_blocks,
			                 rows[i].sizes[j]);
		snapshot_free(snapshot);
	}
}

/* Four stacks, by the live bytes given, the first of them known to grow by so much a second. */
static struct snapshot *make_growing(const uint64_t *bytes, const double *slopes)
{
	struct snapshot *snapshot = sample_kernel_new(1, 4);

	sample_count(snapshot, 0, 0, 1000);
	for (size_t i = 0; i < 4; i++) {
		struct stack *stack = sample_kernel_stack(snapshot, i, SAMPLE_CLASS(0), bytes[i], bytes[i], 1);

		if (slopes[i] > 0)
			stack->verdict = (struct verdict){.kind = VERDICT_GROWING, .low_bytes_per_s = slopes[i]};
	}
	return snapshot;
}

/* What grows by its verdict, the fastest first; then what has most more than in the report before. */
static void orders_stacks_by_growth(void **state)
{
	const struct kernel_selection by_growth = {.top = 10, .sort = SELECT_GROWTH};
	struct snapshot *before = make_growing((const uint64_t[]){100, 200, 190, 10}, (const double[]){0, 0, 0, 0});
	struct snapshot *now = make_growing((const uint64_t[]){110, 200, 195, 20}, (const double[]){2, 0, 0, 5});
	struct kernel_selection selection = by_growth;
	static const uint64_t wanted[] = {20, 110, 195, 200};

	(void)state;
	assert_int_equal(kernel_growth(before, &by_growth), 0);
	assert_int_equal(before->stacks[0].usage.live_bytes, 200);
	selection.before = before;
	assert_int_equal(kernel_growth(now, &selection), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(now->stacks[i].usage.live_bytes, wanted[i]);
	snapshot_free(before);
	snapshot_free(now);
}

static void set_functions(struct stack *stack, const char *const *functions)
{
	size_t n = 0;

	while (functions[n])
		n++;
	stack->frames = calloc(n + 1, sizeof(*stack->frames));
	assert_non_null(stack->frames);
	for (size_t i = 0; i < n; i++)
		stack->frames[i] = (struct frame){.module = "kernel", .function = functions[i]};
	stack->n_frames = n;
}

/* Pages of slabs are their caches' already, user memory and page cache stand apart; page tables are the kernel's. */
static void takes_pages_out_that_are_counted_elsewhere(void **state)
{
	static const char *const functions[][4] = {
	    {"allocate_slab", "___slab_alloc", "do_eventfd"},
	    {"refill_objects", "sock_alloc_inode"},
	    {"page_cache_ra_unbounded", "vfs_read"},
	    {"do_anonymous_page", "handle_mm_fault"},
	    {"pte_alloc_one", "__pte_alloc", "do_anonymous_page"},
	    {"leak_pages", "allocate_slab_of_ours"},
	    {NULL},
	};
	const size_t n = sizeof(functions) / sizeof(functions[0]);
	struct snapshot *snapshot = sample_kernel_new(1, n + 1);

	(void)state;
	for (size_t i = 0; i < n; i++)
		set_functions(
		    sample_kernel_stack(snapshot, i, SAMPLE_CLASS_OF_KIND(snapshot, KIND_PAGE), 1, 1, 4096ULL << i),
		    functions[i]);
	/* Another kind is what it is, whatever its stack. */
	set_functions(sample_kernel_stack(snapshot, n, SAMPLE_CLASS_OF_KIND(snapshot, KIND_VMALLOC), 1, 1, 8192),
	              functions[0]);
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	assert_int_equal(snapshot->kernel->slab_page_bytes, 4096 + 8192);
	assert_int_equal(snapshot->kernel->user_page_bytes, 16384 + 32768);
	assert_int_equal(snapshot->n_stacks, 4);
	assert_int_equal(snapshot->n_stacks_shown, 4);
	assert_int_equal(snapshot->kinds[KIND_PAGE].live_blocks, 3);
	assert_int_equal(snapshot->kinds[KIND_PAGE].live_bytes, 65536 + 131072 + 262144);
	assert_int_equal(snapshot->kinds[KIND_VMALLOC].live_bytes, 8192);
	assert_int_equal(snapshot->totals.live_blocks, 4);
	snapshot_free(snapshot);
}

/* Objects of a cache that is not known belong to none, and are shown only when all are. */
static void keeps_objects_of_no_cache(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(1, 1);

	(void)state;
	sample_count(snapshot, 0, 0, 10);
	sample_kernel_stack(snapshot, 0, 0, 10, 10, 100);
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	assert_int_equal(find(snapshot, "cache-0")->alloc_count, 0);
	assert_int_equal(find(snapshot, "cache-0")->explained_objects, 0);
	assert_int_equal(snapshot->n_stacks_shown, 0);
	assert_int_equal(snapshot->totals.live_blocks, 10);
	snapshot_free(snapshot);
}

static void takes_nothing(void **state)
{
	struct snapshot *snapshot = sample_kernel_new(0, 0);

	(void)state;
	assert_int_equal(kernel_growth(snapshot, &all), 0);
	assert_int_equal(snapshot->kernel->n_caches_shown, 0);
	assert_int_equal(snapshot->n_stacks_shown, 0);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(judges_what_can_be_seen),
	    cmocka_unit_test(judges_what_cannot_be_seen),
	    cmocka_unit_test(allows_for_the_time_between_readings),
	    cmocka_unit_test(judges_what_was_filtered),
	    cmocka_unit_test(bounds_each_stack),
	    cmocka_unit_test(ranks_caches_by_bytes),
	    cmocka_unit_test(shows_the_top),
	    cmocka_unit_test(shows_all),
	    cmocka_unit_test(leaves_out_what_grew_by_less),
	    cmocka_unit_test(shows_the_cache_asked_for),
	    cmocka_unit_test(orders_stacks_by_each_key),
	    cmocka_unit_test(orders_stacks_by_growth),
	    cmocka_unit_test(takes_pages_out_that_are_counted_elsewhere),
	    cmocka_unit_test(keeps_objects_of_no_cache),
	    cmocka_unit_test(takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

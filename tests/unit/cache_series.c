// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts on slab caches, and their order by growth, from reports that are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/cache_series.h"
#include "analyze/kernel_growth.h"
#include "unit/sample_kernel.h"

#define REPORTS 30
#define NS_PER_S 1000000000ULL
#define N_CACHES 5

/* What a report says of the caches: one leaks, one grew once, one has its level, one is used and the last never. */
static struct snapshot *make_report(uint64_t report, size_t n_caches)
{
	const uint64_t before[N_CACHES] = {1000, 0, 100, 700, 300};
	const uint64_t after[N_CACHES] = {1000 + 10 * report, 90000, 5000 + report % 3, 700 + report % 2, 300};
	const uint64_t allocated[N_CACHES] = {10 * report, 0, 5 * report, 5000 * report, 0};
	struct snapshot *snapshot = sample_kernel_new(n_caches, N_CACHES);

	snapshot->elapsed_ns = report * NS_PER_S;
	for (size_t i = 0; i < n_caches; i++) {
		sample_count(snapshot, i, before[i], after[i]);
		sample_kernel_stack(snapshot, i, SAMPLE_CLASS(i), allocated[i], 0, SAMPLE_OBJECT_BYTES);
	}
	return snapshot;
}

static const struct cache_growth *find(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->kernel->n_caches; i++) {
		if (!strcmp(snapshot->kernel->caches[i].name, name))
			return &snapshot->kernel->caches[i];
	}
	return NULL;
}

static struct snapshot *judged(struct cache_series *series, struct snapshot *snapshot)
{
	const struct kernel_selection selection = {.sort = SELECT_GROWTH, .series = series};

	assert_int_equal(kernel_growth(snapshot, &selection), 0);
	return snapshot;
}

static void verdicts(void **state)
{
	static const struct {
		const char *name;
		enum verdict_kind kind;
	} wanted[] = {{"cache-0", VERDICT_GROWING},
	              {"cache-1", VERDICT_ONE_TIME},
	              {"cache-2", VERDICT_BOUNDED},
	              {"cache-3", VERDICT_CHURNING},
	              {"cache-4", VERDICT_NONE}};
	struct cache_series *series = cache_series_new(1 << 20);
	struct snapshot *snapshot = NULL;

	(void)state;
	for (uint64_t i = 1; i <= REPORTS; i++) {
		snapshot_free(snapshot);
		snapshot = judged(series, make_report(i, N_CACHES));
		for (size_t j = 0; j < N_CACHES && i < 12; j++)
			assert_int_equal(find(snapshot, wanted[j].name)->verdict.kind, VERDICT_NONE);
	}
	for (size_t i = 0; i < N_CACHES; i++)
		assert_int_equal(find(snapshot, wanted[i].name)->verdict.kind, wanted[i].kind);
	/* cache-1 grew by far more, and does no more. */
	assert_string_equal(snapshot->kernel->caches[0].name, "cache-0");
	assert_true(find(snapshot, "cache-0")->verdict.low_bytes_per_s > 9 * SAMPLE_SLOT_BYTES);
	assert_true(find(snapshot, "cache-0")->verdict.high_bytes_per_s < 11 * SAMPLE_SLOT_BYTES);
	snapshot_free(snapshot);
	cache_series_free(series);
}

/* A cache that goes and comes again under its name, or another of that name, begins anew. */
static void caches_that_come_and_go(void **state)
{
	struct cache_series *series = cache_series_new(1 << 20);
	struct snapshot *snapshot = NULL;

	(void)state;
	for (uint64_t i = 1; i <= REPORTS; i++) {
		struct snapshot *made = make_report(i, i == REPORTS / 2 ? 0 : N_CACHES);

		for (size_t j = 0; j < made->kernel->n_caches; j++)
			made->kernel->caches[j].address = j == 1 && i > REPORTS - 5 ? 2 : 1;
		snapshot_free(snapshot);
		snapshot = judged(series, made);
		assert_true(i < REPORTS / 2 + 13 || find(snapshot, "cache-2")->verdict.kind == VERDICT_BOUNDED);
		assert_true(i < REPORTS / 2 || i >= REPORTS / 2 + 12 || !snapshot->kernel->n_caches ||
		            find(snapshot, "cache-2")->verdict.kind == VERDICT_NONE);
	}
	assert_int_equal(find(snapshot, "cache-1")->verdict.kind, VERDICT_NONE);
	snapshot_free(snapshot);
	cache_series_free(series);
}

/* Two caches of one name, which the kernel has while one is being taken down. */
static void caches_of_one_name(void **state)
{
	struct cache_series *series = cache_series_new(1 << 20);

	(void)state;
	for (uint64_t i = 1; i <= REPORTS; i++) {
		struct snapshot *made = make_report(i, N_CACHES);

		memcpy(made->kernel->caches[1].name, made->kernel->caches[0].name, sizeof("cache-0"));
		snapshot_free(judged(series, made));
	}
	cache_series_free(series);
}

static void as_many_as_there_is_room_for(void **state)
{
	struct cache_series *series = cache_series_new(1);
	struct snapshot *snapshot = NULL;

	(void)state;
	for (uint64_t i = 1; i <= REPORTS; i++) {
		snapshot_free(snapshot);
		snapshot = judged(series, make_report(i, N_CACHES));
	}
	assert_int_equal(find(snapshot, "cache-0")->verdict.kind, VERDICT_NONE);
	snapshot_free(snapshot);
	cache_series_free(series);
	cache_series_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(caches_that_come_and_go),
	    cmocka_unit_test(caches_of_one_name),
	    cmocka_unit_test(as_many_as_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later

/* Verdicts on simulated series: what leaks is found, and nothing that is bounded is ever called growing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/aggregate.h"
#include "analyze/growth.h"
#include "analyze/series.h"
#include "analyze/trend.h"
#include "unit/sample_snapshot.h"

#define SEED 0x5eed2026
#define N_SERIES 1000
#define N_REPORTS 240
#define LINE_POINTS 32
#define INTERVAL_S 5.0

/* xorshift64*: the same series on every machine (Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled", ACM TOMS 42, 2016). */
struct random {
	uint64_t state;
};

static uint64_t random_bits(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 0x2545f4914f6cdd1d;
}

/* [0, 1) */
static double uniform(struct random *random)
{
	return (double)(random_bits(random) >> 11) * 0x1p-53;
}

static double between(struct random *random, double low, double high)
{
	return low + (high - low) * uniform(random);
}

static double normal(struct random *random)
{
	return sqrt(-2 * log(1 - uniform(random))) * cos(2 * M_PI * uniform(random));
}

/* A stack that is simulated: what it is like, and what it has come to. */
struct simulated {
	struct random random;
	double level, swing, period, phase, rate, memory, noise;
	double turnover; /* bytes allocated in an interval beside what growth takes */
	unsigned int report;
	double state;
	struct series_report now;
};

/* Live bytes at the report. */
typedef double shape(struct simulated *simulated);

static double saw_tooth(struct simulated *s)
{
	return s->level + s->swing * fmod(s->report / s->period + s->phase, 1);
}

static double autoregressive(struct simulated *s)
{
	s->state = s->memory * s->state + sqrt(1 - s->memory * s->memory) * normal(&s->random);
	return s->level + s->swing * s->state;
}

static double wave(struct simulated *s)
{
	return s->level + s->swing * sin(2 * M_PI * (s->report / s->period + s->phase)) + s->noise * normal(&s->random);
}

static double warm_up(struct simulated *s)
{
	return s->level * (1 - exp(-(double)(s->report + 1) / s->period)) + s->noise * normal(&s->random);
}

static double filled(struct simulated *s)
{
	return s->level * fmin(1, (s->report + 1) / s->period) + s->noise * normal(&s->random);
}

static double churn(struct simulated *s)
{
	return s->swing * fabs(normal(&s->random));
}

static double step(struct simulated *s)
{
	return (s->report < s->period ? s->swing : s->level) + s->noise * normal(&s->random);
}

static double leak(struct simulated *s)
{
	return s->rate * s->report + s->noise * normal(&s->random);
}

static double leak_saw_tooth(struct simulated *s)
{
	return s->rate * s->report + saw_tooth(s);
}

static double leak_autoregressive(struct simulated *s)
{
	return s->rate * s->report + autoregressive(s);
}

static double late_leak(struct simulated *s)
{
	return s->level + (s->report < s->period ? 0 : s->rate * (s->report - s->period)) +
	       s->noise * normal(&s->random);
}

static double leak_by_chance(struct simulated *s)
{
	s->state += s->rate * -log(1 - uniform(&s->random));
	return s->state;
}

/* A leak whose rate follows the load. */
static double leak_by_load(struct simulated *s)
{
	s->state += s->rate * (1 + 0.7 * sin(2 * M_PI * s->report / s->period));
	return s->state;
}

static void simulate(struct simulated *s, shape *live)
{
	double bytes = fmax(0, live(s));
	uint64_t live_bytes = (uint64_t)bytes / 64 * 64, allocated = (uint64_t)s->turnover;

	if (live_bytes > s->now.live_bytes)
		allocated += live_bytes - s->now.live_bytes;
	s->now.time_s = INTERVAL_S * (s->report + 1) + 0.01 * uniform(&s->random);
	s->now.alloc_bytes += allocated;
	s->now.alloc_count += allocated / 64;
	s->now.free_count += (allocated + s->now.live_bytes - live_bytes) / 64;
	s->now.live_bytes = live_bytes;
	s->report++;
}

/* Goes on with the series for so many reports; returns how many of them, from `from` on, had the verdict. */
static unsigned int follow(struct series *series, struct simulated *s, shape *live, unsigned int n, unsigned int from,
                           enum verdict_kind kind)
{
	unsigned int counted = 0;
	struct verdict verdict;

	while (s->report < n) {
		simulate(s, live);
		if (s->report == 1)
			series_begin(series, &s->now);
		else
			series_add(series, &s->now);
		series_judge(series, &verdict);
		counted += s->report >= from && verdict.kind == kind;
	}
	return counted;
}

/* What the series of a test have in common, and what is asked of them. */
struct family {
	const char *name;
	shape *live;
	double period[2], memory, rate[2]; /* bounds; rate: of the swing (or the noise) in a report */
	double settled;                    /* in periods: when it has shown what it is */
	bool rate_of_noise;
};

static struct simulated draw(const struct family *family, uint64_t seed)
{
	struct simulated s = {.random = {seed}};
	struct random *random = &s.random;

	for (int i = 0; i < 4; i++)
		random_bits(random);
	s.level = between(random, 1e5, 1e8);
	s.swing = s.level * between(random, 0.05, 1);
	s.noise = s.level * between(random, 0, 0.1);
	s.period = between(random, family->period[0], family->period[1]);
	s.phase = uniform(random);
	s.memory = family->memory * uniform(random);
	s.turnover = uniform(random) < 0.5 ? 0 : s.level * between(random, 0, 3);
	s.rate = (family->rate_of_noise ? s.noise : s.swing) * between(random, family->rate[0], family->rate[1]);
	return s;
}

static const struct family bounded_families[] = {
    {"saw-tooth", saw_tooth, .period = {2, 40}, .settled = 2},
    {"wave", wave, .period = {2, 40}, .settled = 2},
    {"noise", autoregressive, .memory = 0.7},
    {"warm-up", warm_up, .period = {1, 25}, .settled = 9},
    {"filled", filled, .period = {1, 40}, .settled = 2.5},
    {"churn", churn, .settled = 0},
    {"step", step, .period = {1, 60}, .settled = 2},
};

static const struct family leak_families[] = {
    {"noise", leak, .rate = {0.1, 1}, .rate_of_noise = true},
    {"saw-tooth", leak_saw_tooth, .period = {2, 16}, .rate = {0.05, 1}},
    {"heavy churn", leak_autoregressive, .memory = 0.7, .rate = {0.1, 1}},
    {"by chance", leak_by_chance, .rate = {0.001, 1}},
    {"by load", leak_by_load, .period = {4, 80}, .rate = {0.001, 1}},
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Looked at after every report, each of so many bounded series is never called growing, once it has settled. */
static void nothing_bounded_is_growing(void **state)
{
	static struct series series;

	(void)state;
	for (size_t i = 0; i < COUNT(bounded_families); i++) {
		const struct family *family = &bounded_families[i];
		unsigned int wrong = 0, at_end[VERDICT_COUNT] = {0};

		for (unsigned int j = 0; j < N_SERIES; j++) {
			struct simulated s = draw(family, SEED + 7919 * j);
			unsigned int settled = (unsigned int)(family->settled * s.period);
			struct verdict verdict;

			wrong += follow(&series, &s, family->live, N_REPORTS, settled, VERDICT_GROWING) != 0;
			series_judge(&series, &verdict);
			at_end[verdict.kind]++;
		}
		print_message("%s: %u of %u called growing; at the end %u bounded, %u churning, %u without verdict\n",
		              family->name, wrong, N_SERIES, at_end[VERDICT_BOUNDED], at_end[VERDICT_CHURNING],
		              at_end[VERDICT_NONE]);
		assert_int_equal(wrong, 0);
		assert_int_equal(at_end[VERDICT_ONE_TIME], 0);
		assert_true(at_end[VERDICT_NONE] <= N_SERIES / 20);
	}
}

/* Memory that hardly forgets is told from growth by nothing but time: seldom, and not for long, it is called so. */
static void what_wanders_is_seldom_growing(void **state)
{
	static const struct family family = {"wandering", autoregressive, .memory = 0.95};
	static struct series series;
	unsigned int wrong = 0, reports = 0;

	(void)state;
	for (unsigned int j = 0; j < N_SERIES; j++) {
		struct simulated s = draw(&family, SEED + 7919 * j);
		unsigned int growing = follow(&series, &s, family.live, N_REPORTS, 0, VERDICT_GROWING);

		wrong += growing != 0;
		reports += growing;
	}
	print_message("%u of %u, in %u of %u reports\n", wrong, N_SERIES, reports, N_SERIES * N_REPORTS);
	assert_true(wrong <= N_SERIES / 50);
	assert_true(reports <= N_SERIES * N_REPORTS / 1000);
}

static int compare_counts(const void *a, const void *b)
{
	const unsigned int *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

/* Reports until it is called growing; more than there are: never. */
static unsigned int found_after(struct series *series, struct simulated *s, shape *live)
{
	while (s->report < N_REPORTS) {
		if (follow(series, s, live, s->report + 1, 0, VERDICT_GROWING))
			return s->report;
	}
	return N_REPORTS + 1;
}

static void leaks_are_found(void **state)
{
	static struct series series;

	(void)state;
	for (size_t i = 0; i < COUNT(leak_families); i++) {
		const struct family *family = &leak_families[i];
		unsigned int found[N_SERIES];

		for (unsigned int j = 0; j < N_SERIES; j++) {
			struct simulated s = draw(family, SEED + 7919 * j);

			found[j] = found_after(&series, &s, family->live);
		}
		qsort(found, N_SERIES, sizeof(found[0]), compare_counts);
		print_message("leak, %s: half are found after %u reports, 90%% after %u, all after %u\n", family->name,
		              found[N_SERIES / 2], found[N_SERIES * 9 / 10], found[N_SERIES - 1]);
		assert_true(found[N_SERIES / 2] <= 60);
		assert_true(found[N_SERIES - 1] <= N_REPORTS);
	}
}

/* A constant rate, nothing else: as soon as there are enough reports, and the slope is the rate. */
static void plain_leak(void **state)
{
	struct simulated s = {.random = {SEED}, .rate = 64000};
	static struct series series;
	struct verdict verdict;

	(void)state;
	assert_int_equal(follow(&series, &s, leak, SERIES_REPORTS_MIN + 3, 0, VERDICT_GROWING), 1);
	series_judge(&series, &verdict);
	assert_int_equal(verdict.kind, VERDICT_GROWING);
	assert_true(verdict.low_bytes_per_s <= 64000 / INTERVAL_S && 64000 / INTERVAL_S <= verdict.high_bytes_per_s);
	assert_true(fabs(verdict.bytes_per_s - 64000 / INTERVAL_S) < 64);
	assert_int_equal(verdict.projected_bytes, 1 << 30);
	assert_true(fabs((double)verdict.projected_ns / 1e9 -
	                 ((1 << 30) - (double)s.now.live_bytes) / verdict.bytes_per_s) < 1);
	/* It stays so as the series gets long, and its points are of many reports. */
	assert_int_equal(follow(&series, &s, leak, 5000, 0, VERDICT_GROWING), 5000 - SERIES_REPORTS_MIN - 3);
	/* … until it stops. */
	s.level = s.rate * s.report;
	s.swing = 0;
	assert_true(follow(&series, &s, step, 10000, 0, VERDICT_GROWING) < 5000 / 2);
	series_judge(&series, &verdict);
	assert_int_equal(verdict.kind, VERDICT_BOUNDED);
}

/* After a day of quiet a leak is found by the newest reports, long before it stands out of the whole series. */
static void late_leak_is_found_soon(void **state)
{
	struct simulated s = {
	    .random = {SEED}, .level = 1e8, .noise = 1e4, .rate = 64000, .period = 86400 / INTERVAL_S};
	unsigned int begin = (unsigned int)s.period;
	static struct series series;

	(void)state;
	assert_int_equal(follow(&series, &s, late_leak, begin, 0, VERDICT_GROWING), 0);
	follow(&series, &s, late_leak, begin + 40, 0, VERDICT_GROWING);
	assert_true(follow(&series, &s, late_leak, begin + 41, 0, VERDICT_GROWING));
}

/* What is allocated in the first interval and never again, whatever else goes on. */
static void one_time(void **state)
{
	struct series_report report = {.time_s = 5, .live_bytes = 4096, .alloc_bytes = 4096, .alloc_count = 1};
	static struct series series;
	struct verdict verdict;

	(void)state;
	series_begin(&series, &report);
	for (int i = 1; i < 100; i++) {
		series_judge(&series, &verdict);
		assert_int_equal(verdict.kind, i < SERIES_REPORTS_MIN ? VERDICT_NONE : VERDICT_ONE_TIME);
		report.time_s += 5;
		series_add(&series, &report);
	}
	assert_int_equal(verdict.points, 99);
	assert_int_equal(verdict.window_ns, 98 * 5000000000);
	assert_int_equal(verdict.high_bytes, 4096);
	/* Once more is not one time. */
	report.time_s += 5;
	report.live_bytes += 4096;
	report.alloc_bytes += 4096;
	report.alloc_count++;
	series_add(&series, &report);
	series_judge(&series, &verdict);
	assert_int_equal(verdict.kind == VERDICT_ONE_TIME || verdict.kind == VERDICT_GROWING, 0);
}

static void what_is_gone_has_no_verdict(void **state)
{
	struct series_report report = {.time_s = 5, .alloc_bytes = 64, .alloc_count = 1, .free_count = 1};
	static struct series series;
	struct verdict verdict;

	(void)state;
	series_begin(&series, &report);
	for (int i = 1; i < 50; i++) {
		report.time_s += 5;
		series_add(&series, &report);
		series_judge(&series, &verdict);
		assert_int_equal(verdict.kind, VERDICT_NONE);
	}
}

static void no_verdict_of_few_reports(void **state)
{
	static struct series series;
	struct verdict verdict;

	(void)state;
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct simulated s = {.random = {seed}, .rate = 1e6};

		for (enum verdict_kind kind = VERDICT_GROWING; kind < VERDICT_COUNT; kind++) {
			s.report = 0;
			assert_int_equal(follow(&series, &s, leak, SERIES_REPORTS_MIN - 1, 0, kind), 0);
		}
		series_judge(&series, &verdict);
		assert_int_equal(verdict.points, 0);
	}
}

/* Blocks of a second, of which there is always half a megabyte. */
static void lifetime_of_churn(void **state)
{
	struct simulated s = {.random = {SEED}, .level = 524288, .noise = 5000, .turnover = INTERVAL_S * 524288};
	static struct series series;
	struct verdict verdict;

	(void)state;
	/* At times it rises by chance, and then nothing is said. */
	assert_true(follow(&series, &s, step, 100, SERIES_REPORTS_MIN, VERDICT_CHURNING) >= 85);
	series_judge(&series, &verdict);
	assert_true(verdict.lifetime_ns > 950000000 && verdict.lifetime_ns < 1050000000);
	assert_true(verdict.low_bytes > 500000 && verdict.high_bytes < 550000);
}

/* A report that is no later than the last is none. */
static void time_stands_still(void **state)
{
	struct series_report report = {.time_s = 5, .live_bytes = 64, .alloc_bytes = 64, .alloc_count = 1};
	static struct series series;

	(void)state;
	series_begin(&series, &report);
	for (int i = 0; i < 50; i++)
		series_add(&series, &report);
	assert_int_equal(series.n_reports, 1);
}

static void trend_of_a_line(void **state)
{
	double x[LINE_POINTS], y[LINE_POINTS];
	struct trend trend;

	(void)state;
	for (int i = 0; i < LINE_POINTS; i++) {
		x[i] = i + 0.25 * (i % 3);
		y[i] = 1e12 - 3 * x[i];
	}
	assert_false(trend_find(x, y, 3, &trend));
	assert_true(trend_find(x, y, LINE_POINTS, &trend));
	assert_true(fabs(trend.slope + 3) < 1e-3 && trend.half_width < 1e-2);
	x[2] = x[1];
	assert_false(trend_find(x, y, 8, &trend));
}

/* How many of the intervals miss the true slope, by the kind of noise: 1% where they are right. */
static unsigned int missed(double memory, bool walk)
{
	struct simulated s = {.random = {SEED}, .swing = 100, .memory = memory};
	unsigned int count = 0;

	for (int i = 0; i < 4000; i++) {
		double x[12], y[12], noise = 0;
		struct trend trend;

		for (int j = 0; j < 12; j++) {
			noise = walk ? noise + normal(&s.random) : autoregressive(&s);
			x[j] = j;
			y[j] = 7 * j + noise;
		}
		assert_true(trend_find(x, y, 12, &trend));
		count += fabs(trend.slope - 7) > trend.half_width;
	}
	return count;
}

static void intervals_are_as_wide_as_they_say(void **state)
{
	static const double memories[] = {0, 0.3, 0.6, 0.9};

	(void)state;
	for (size_t i = 0; i < COUNT(memories); i++) {
		unsigned int count = missed(memories[i], false);

		print_message("memory %.1f: %u of 4000 intervals miss\n", memories[i], count);
		assert_true(count <= 4000 * 500000 / 100);
	}
	print_message("random walk: %u of 4000 miss\n", missed(0, true));
	assert_true(missed(0, true) <= 4000 * 1.2 / 100);
}

/* A snapshot of two processes: the same stack in both, the first one's leaks; others come and go. */
static struct snapshot *make_snapshot(unsigned int report)
{
	size_t n = report % 2 ? 4 : 3;
	struct snapshot *snapshot = sample_new(2, n, 1);

	snapshot->elapsed_ns = 5000000000 * (report + 1);
	for (size_t i = 0; i < n; i++) {
		sample_addresses(&snapshot->stacks[i], i < 2 ? 0x1000 : 0x2000 + 0x10 * report, 2);
		sample_usage(&snapshot->stacks[i], i == 0 ? report + 1 : 1, 64);
	}
	snapshot->stacks[1].process = 1;
	/* Sums of several stacks. */
	free(snapshot->stacks[2].addresses);
	snapshot->stacks[2].addresses = NULL;
	snapshot->stacks[2].n_addresses = 0;
	sample_usage(&snapshot->stacks[2], report + 1, 64);
	assert_int_equal(aggregate_merge(snapshot), 0);
	return snapshot;
}

static void follows_stacks_by_identity(void **state)
{
	struct growth *growth = growth_new(1 << 20);

	(void)state;
	for (unsigned int report = 0; report < 30; report++) {
		struct snapshot *snapshot = make_snapshot(report);

		assert_int_equal(growth_add(growth, snapshot), 0);
		growth_judge(growth, snapshot);
		for (size_t i = 0; i < snapshot->n_stacks; i++) {
			const struct stack *stack = &snapshot->stacks[i];
			enum verdict_kind expected = VERDICT_NONE;

			if (stack->n_addresses && stack->addresses[0] == 0x1000 && report + 1 >= SERIES_REPORTS_MIN + 3)
				expected = stack->process == 0 ? VERDICT_GROWING : VERDICT_ONE_TIME;
			else if (stack->process == 1 && report + 1 >= SERIES_REPORTS_MIN)
				expected = VERDICT_ONE_TIME;
			assert_int_equal(stack->verdict.kind, expected);
		}
		snapshot_free(snapshot);
	}
	growth_free(growth);
}

static void follows_no_more_than_it_may(void **state)
{
	struct growth *growth = growth_new(4096);

	(void)state;
	for (unsigned int report = 0; report < 30; report++) {
		struct snapshot *snapshot = make_snapshot(report);
		unsigned int judged = 0;

		assert_int_equal(growth_add(growth, snapshot), 0);
		growth_judge(growth, snapshot);
		for (size_t i = 0; i < snapshot->n_stacks; i++)
			judged += snapshot->stacks[i].verdict.kind != VERDICT_NONE;
		assert_int_equal(judged, report + 1 < SERIES_REPORTS_MIN + 3 ? 0 : 1);
		snapshot_free(snapshot);
	}
	growth_free(growth);
	growth_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_bounded_is_growing),
	    cmocka_unit_test(what_wanders_is_seldom_growing),
	    cmocka_unit_test(leaks_are_found),
	    cmocka_unit_test(plain_leak),
	    cmocka_unit_test(late_leak_is_found_soon),
	    cmocka_unit_test(one_time),
	    cmocka_unit_test(what_is_gone_has_no_verdict),
	    cmocka_unit_test(no_verdict_of_few_reports),
	    cmocka_unit_test(lifetime_of_churn),
	    cmocka_unit_test(time_stands_still),
	    cmocka_unit_test(trend_of_a_line),
	    cmocka_unit_test(intervals_are_as_wide_as_they_say),
	    cmocka_unit_test(follows_stacks_by_identity),
	    cmocka_unit_test(follows_no_more_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

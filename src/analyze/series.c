// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/series.h"

#include <string.h>

#include "analyze/trend.h"

#define NS_PER_S 1e9
/* A level that is held within this part of it. */
#define LEVEL_PART 0.05
/* Growth that has become less than this part of what it was goes towards a level. */
#define SLOWING_PART 0.5
/* … and what was called growing is no more. */
#define SLOWED_PART 0.4
/* Growth must show in so many reports on end. */
#define STREAK 4
/* Blocks churn if on the average so many live one after the other within the window. */
#define CHURN_TURNS 4
/* What a projection says is when there will be this much, or the next power of two. */
#define PROJECTED_BYTES (1ULL << 30)

/* The newest part of a series: what a verdict is of. */
struct window {
	struct series_point points[SERIES_POINTS];
	size_t n;
	uint64_t reports;
	uint64_t high_before_bytes; /* most that was live in the part before that it is held against */
	uint64_t alloc_bytes;       /* allocated meanwhile */
	uint64_t low_bytes, high_bytes;
	double thirds[3];   /* mean bytes */
	uint64_t floors[3]; /* low_bytes of each */
	struct trend trend;
};

static struct series_point point_of(const struct series_report *report)
{
	return (struct series_point){
	    .time_s = report->time_s,
	    .mean_bytes = (double)report->live_bytes,
	    .low_bytes = report->live_bytes,
	    .high_bytes = report->live_bytes,
	    .alloc_bytes = report->alloc_bytes,
	};
}

/* Sums `later` up with `point`; they are of n_later and n_point reports. */
static void join(struct series_point *point, uint64_t n_point, const struct series_point *later, uint64_t n_later)
{
	double part = (double)n_later / (double)(n_point + n_later);

	point->time_s += (later->time_s - point->time_s) * part;
	point->mean_bytes += (later->mean_bytes - point->mean_bytes) * part;
	if (later->low_bytes < point->low_bytes)
		point->low_bytes = later->low_bytes;
	if (later->high_bytes > point->high_bytes)
		point->high_bytes = later->high_bytes;
	point->alloc_bytes = later->alloc_bytes;
}

static void halve(struct series *series)
{
	for (size_t i = 0; i < SERIES_POINTS / 2; i++) {
		series->whole[i] = series->whole[2 * i];
		join(&series->whole[i], series->stride, &series->whole[2 * i + 1], series->stride);
	}
	series->stride *= 2;
}

static void add_to_whole(struct series *series, const struct series_point *point)
{
	uint64_t in_last;

	if (series->n_reports == SERIES_POINTS * series->stride)
		halve(series);
	in_last = series->n_reports % series->stride;
	if (in_last)
		join(&series->whole[series->n_reports / series->stride], in_last, point, 1);
	else
		series->whole[series->n_reports / series->stride] = *point;
}

static void add_to_recent(struct series *series, const struct series_point *point)
{
	struct series_point *place = &series->recent[series->n_reports % SERIES_POINTS];

	if (series->n_reports >= SERIES_POINTS && place->high_bytes > series->high_before_bytes)
		series->high_before_bytes = place->high_bytes;
	*place = *point;
}

/* Sums of a window whose points are there. */
static void sum_up(struct window *window)
{
	double times[SERIES_POINTS], bytes[SERIES_POINTS];

	window->low_bytes = UINT64_MAX;
	window->high_bytes = 0;
	for (size_t third = 0; third < 3; third++) {
		size_t from = third * window->n / 3, to = (third + 1) * window->n / 3;

		window->thirds[third] = 0;
		window->floors[third] = UINT64_MAX;
		for (size_t i = from; i < to; i++) {
			const struct series_point *point = &window->points[i];

			window->thirds[third] += point->mean_bytes / (double)(to - from);
			if (point->low_bytes < window->floors[third])
				window->floors[third] = point->low_bytes;
			if (point->high_bytes > window->high_bytes)
				window->high_bytes = point->high_bytes;
		}
		if (window->floors[third] < window->low_bytes)
			window->low_bytes = window->floors[third];
	}
	for (size_t i = 0; i < window->n; i++) {
		times[i] = window->points[i].time_s;
		bytes[i] = window->points[i].mean_bytes;
	}
	window->alloc_bytes = window->points[window->n - 1].alloc_bytes - window->points[0].alloc_bytes;
	trend_find(times, bytes, window->n, &window->trend);
}

/*
 * The later half of the series, held against all before it; of a long series against the quarter before it, so that
 * what was at the beginning only is not held on to.
 */
static void whole_window(const struct series *series, struct window *window)
{
	size_t n = (size_t)((series->n_reports + series->stride - 1) / series->stride), first = n / 2;

	*window = (struct window){.n = n - first, .reports = series->n_reports - first * series->stride};
	for (size_t i = series->stride > 1 ? n / 4 : 0; i < first; i++) {
		if (series->whole[i].high_bytes > window->high_before_bytes)
			window->high_before_bytes = series->whole[i].high_bytes;
	}
	memcpy(window->points, series->whole + first, window->n * sizeof(window->points[0]));
	sum_up(window);
}

/* The newest reports, held against all before. */
static void recent_window(const struct series *series, struct window *window)
{
	*window = (struct window){
	    .n = SERIES_POINTS, .reports = SERIES_POINTS, .high_before_bytes = series->high_before_bytes};
	for (size_t i = 0; i < SERIES_POINTS; i++)
		window->points[i] = series->recent[(series->n_reports + i) % SERIES_POINTS];
	sum_up(window);
}

/* The slope is above 0, as far as its interval goes. */
static bool rises(const struct window *window)
{
	return window->trend.slope > window->trend.half_width;
}

static bool slows_down(const struct window *window, double part)
{
	return window->thirds[2] - window->thirds[1] < part * (window->thirds[1] - window->thirds[0]);
}

/*
 * What swings, as a cache does that is emptied when it is full, rises too for a while, and much of what grows when a
 * program warms up stops. So the slope alone is no evidence: also the least that was live must rise all through the
 * window, be at its end above all that ever was before it, and rise no slower than it did.
 */
static bool grows(const struct window *window)
{
	const uint64_t *floors = window->floors;

	return rises(window) && floors[0] < floors[1] && floors[1] < floors[2] &&
	       floors[2] > window->high_before_bytes && !slows_down(window, SLOWING_PART);
}

/* What has been growing is so until there is evidence against it. */
static bool still_grows(const struct window *window)
{
	return rises(window) && window->floors[2] > window->high_before_bytes && !slows_down(window, SLOWED_PART);
}

static bool holds_level(const struct window *window)
{
	double change = window->thirds[2] - window->thirds[0];
	bool flat = change <= LEVEL_PART * window->thirds[1] && -change <= LEVEL_PART * window->thirds[1];
	bool within = (double)window->high_bytes <= (1 + LEVEL_PART) * (double)window->high_before_bytes;

	return rises(window) ? flat && slows_down(window, SLOWING_PART) : flat || within;
}

/* Allocated meanwhile is a multiple of what lives at a time. */
static bool churns(const struct window *window)
{
	double mean = (window->thirds[0] + window->thirds[1] + window->thirds[2]) / 3;

	return !rises(window) && window->alloc_bytes && (double)window->alloc_bytes >= CHURN_TURNS * mean;
}

/* The window that growth is seen in, or the later half of the whole series. */
static void choose_window(const struct series *series, bool (*seen)(const struct window *window), struct window *window)
{
	struct window recent;

	whole_window(series, window);
	if (series->n_reports < 2 * SERIES_POINTS || seen(window))
		return;
	recent_window(series, &recent);
	if (seen(&recent))
		*window = recent;
}

static void look_for_growth(struct series *series)
{
	bool (*seen)(const struct window *window) = series->growing ? still_grows : grows;
	struct window window;

	if (series->n_reports < SERIES_REPORTS_MIN || !series->last_change)
		return;
	choose_window(series, seen, &window);
	series->streak = seen(&window) ? series->streak + 1 : 0;
	series->growing = series->streak >= STREAK || (series->growing && series->streak);
}

void series_begin(struct series *series, const struct series_report *report)
{
	memset(series, 0, sizeof(*series));
	series->stride = 1;
	series->first = series->last = *report;
	series->recent[0] = series->whole[0] = point_of(report);
	series->n_reports = 1;
}

void series_add(struct series *series, const struct series_report *report)
{
	struct series_point point = point_of(report);

	if (!(report->time_s > series->last.time_s))
		return;
	add_to_whole(series, &point);
	add_to_recent(series, &point);
	if (report->alloc_count != series->last.alloc_count || report->free_count != series->last.free_count)
		series->last_change = series->n_reports;
	series->last = *report;
	series->n_reports++;
	look_for_growth(series);
}

static double length_s(const struct window *window)
{
	return window->points[window->n - 1].time_s - window->points[0].time_s;
}

static uint64_t ns_of(double seconds)
{
	double ns = seconds * NS_PER_S;

	if (!(ns > 0))
		return 0;
	return ns < 18e18 ? (uint64_t)ns : UINT64_MAX;
}

static void conclude(struct verdict *verdict, enum verdict_kind kind, const struct window *window)
{
	*verdict = (struct verdict){
	    .kind = kind,
	    .points = window->reports,
	    .window_ns = ns_of(length_s(window)),
	    .bytes_per_s = window->trend.slope,
	    .low_bytes_per_s = window->trend.slope - window->trend.half_width,
	    .high_bytes_per_s = window->trend.slope + window->trend.half_width,
	    .low_bytes = window->low_bytes,
	    .high_bytes = window->high_bytes,
	};
}

static void project(struct verdict *verdict, uint64_t live_bytes)
{
	uint64_t bytes = PROJECTED_BYTES;

	while (bytes <= live_bytes && bytes << 1)
		bytes <<= 1;
	verdict->projected_bytes = bytes;
	verdict->projected_ns = ns_of(((double)bytes - (double)live_bytes) / verdict->bytes_per_s);
}

/* By Little's law, the mean of what lives at a time over what is allocated in a time. */
static uint64_t lifetime_ns(const struct window *window)
{
	double mean = (window->thirds[0] + window->thirds[1] + window->thirds[2]) / 3;

	return ns_of(mean / (double)window->alloc_bytes * length_s(window));
}

/* Nothing was allocated or freed since the first report. */
static void judge_unchanged(const struct series *series, struct verdict *verdict)
{
	if (!series->last.live_bytes)
		return;
	*verdict = (struct verdict){
	    .kind = VERDICT_ONE_TIME,
	    .points = series->n_reports,
	    .window_ns = ns_of(series->last.time_s - series->first.time_s),
	    .low_bytes = series->last.live_bytes,
	    .high_bytes = series->last.live_bytes,
	};
}

void series_judge(const struct series *series, struct verdict *verdict)
{
	struct window window;

	*verdict = (struct verdict){.kind = VERDICT_NONE};
	if (series->n_reports < SERIES_REPORTS_MIN)
		return;
	if (!series->last_change) {
		judge_unchanged(series, verdict);
		return;
	}
	choose_window(series, series->growing ? still_grows : grows, &window);
	if (series->growing) {
		conclude(verdict, VERDICT_GROWING, &window);
		project(verdict, series->last.live_bytes);
	} else if (churns(&window)) {
		conclude(verdict, VERDICT_CHURNING, &window);
		verdict->lifetime_ns = lifetime_ns(&window);
	} else if (window.high_bytes && holds_level(&window)) {
		conclude(verdict, VERDICT_BOUNDED, &window);
	}
}

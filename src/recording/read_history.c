// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The course of stacks over a recording's moments. All that is stored from the first whole snapshot on is gone through
 * once, or where that would take too long, from whole snapshot to whole snapshot.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/choose_moments.h"
#include "recording/recording_state.h"

/*
 * Of a file of this size (some two million rows) all moments are gone through; of a larger one, where enough of them
 * are stored whole to stand for all, some more, that take a quarter of that.
 */
#define GONE_THROUGH_BYTES (100LL << 20)
#define WHOLE_ENOUGH 12
/* So few stacks are looked up in a whole snapshot, rather than all that it has gone through. */
#define LOOKED_UP 200
/* Moments times stacks that are kept; of many stacks there are fewer moments. */
#define USAGES_MAX (1UL << 23)

/* A stack's number, and which of the snapshot's it is. */
struct followed {
	uint64_t number;
	size_t index;
};

struct course {
	struct recording *recording;
	struct history *history;
	size_t *chosen; /* moments of the recording, by time */
	size_t n_chosen;
	struct followed *followed; /* by number */
	size_t n_followed;
	struct moment_usage *now; /* of those, by index */
};

static bool is_whole(const struct recording *recording, size_t moment)
{
	return recording->places[moment].whole == recording->places[moment].snapshot;
}

/* How many moments may be gone through. */
static size_t passed_max(struct recording *recording)
{
	int64_t pages = 0, page_bytes = 0;
	size_t n = recording->n_moments, n_whole = 0;

	for (size_t i = 0; i < n; i++)
		n_whole += is_whole(recording, i);
	if (n_whole < WHOLE_ENOUGH || database_get(&recording->database, "page_count", &pages) ||
	    database_get(&recording->database, "page_size", &page_bytes) || page_bytes <= 0 ||
	    pages <= GONE_THROUGH_BYTES / page_bytes)
		return n;
	return (size_t)((double)n / 4 * (double)GONE_THROUGH_BYTES / ((double)pages * (double)page_bytes));
}

/* Moments that stand for all. 0 or -ENOMEM. */
static int choose(struct course *course, size_t shown, size_t max)
{
	struct recording *recording = course->recording;
	size_t n = recording->n_moments;
	size_t *whole = calloc(n, sizeof(*whole));
	bool *chosen = calloc(n, sizeof(*chosen));
	struct moments_asked asked = {.moments = recording->moments,
	                              .whole = whole,
	                              .n = n,
	                              .shown = shown,
	                              .max = max ? max : 1,
	                              .passed_max = passed_max(recording)};
	int error = whole && chosen ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !error; i++)
		whole[i] = is_whole(recording, i) || !i ? i : whole[i - 1];
	if (!error)
		error = moments_choose(&asked, chosen);
	for (size_t i = 0; i < n && !error; i++) {
		if (chosen[i])
			course->chosen[course->n_chosen++] = i;
	}
	free(whole);
	free(chosen);
	return error;
}

static int by_number(const void *left, const void *right)
{
	const struct followed *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

static int take_row(struct course *course, sqlite3_stmt *read)
{
	struct followed key = {.number = (uint64_t)sqlite3_column_int64(read, 1)};
	const struct followed *found =
	    course->n_followed ? bsearch(&key, course->followed, course->n_followed, sizeof(key), by_number) : NULL;
	struct moment_usage *usage = found ? &course->now[found->index] : NULL;

	return usage ? recording_counts(course->recording, read, 2,
	                                (uint64_t *const[]){&usage->live_bytes, &usage->live_blocks,
	                                                    &usage->alloc_bytes, &usage->alloc_count, NULL})
	             : 0;
}

static int read_rows(struct course *course, enum read statement, int64_t first, int64_t second)
{
	struct recording *recording = course->recording;
	sqlite3_stmt *read = recording->statements[statement];
	int row = database_bind(&recording->database, read, "ii", first, second);

	while (!row && (row = database_step(&recording->database, read)) > 0)
		row = take_row(course, read);
	sqlite3_reset(read);
	return row;
}

static int look_up(struct course *course, int64_t whole)
{
	int error = 0;

	for (size_t i = 0; i < course->n_followed && !error; i++)
		error = read_rows(course, READ_COURSE_OF, whole, (int64_t)course->followed[i].number);
	return error;
}

/* Goes on to a moment, from what is known of the one chosen before it, or from its whole snapshot. 0 or -errno. */
static int go_on(struct course *course, size_t moment, int64_t *known)
{
	const struct place *place = &course->recording->places[moment];
	int64_t from = *known + 1;
	int error = 0;

	if (place->whole > *known) {
		memset(course->now, 0, course->n_followed * sizeof(*course->now));
		from = place->whole;
		if (course->n_followed <= LOOKED_UP)
			error = look_up(course, from++);
	}
	if (!error && from <= place->snapshot)
		error = read_rows(course, READ_COURSE, from, place->snapshot);
	*known = place->snapshot;
	return error;
}

static int follow(struct course *course)
{
	struct history *history = course->history;
	int64_t known = 0;
	int error = 0;

	for (size_t i = 0; i < course->n_chosen && !error; i++) {
		history->moments[i] = course->recording->moments[course->chosen[i]];
		error = go_on(course, course->chosen[i], &known);
		for (size_t j = 0; j < history->n_stacks && !error; j++)
			history->usages[j * history->n_moments + i] = course->now[j];
	}
	return error;
}

static int prepare(struct course *course, const struct snapshot *snapshot, size_t n_stacks, size_t shown, size_t max)
{
	struct history *history = course->history;

	course->chosen = calloc(course->recording->n_moments + 1, sizeof(*course->chosen));
	course->followed = calloc(n_stacks + 1, sizeof(*course->followed));
	course->now = calloc(n_stacks + 1, sizeof(*course->now));
	if (!history || !course->chosen || !course->followed || !course->now)
		return recording_out_of_memory(course->recording);
	if (choose(course, shown, max))
		return recording_out_of_memory(course->recording);
	for (size_t i = 0; i < n_stacks; i++)
		course->followed[i] = (struct followed){snapshot->stacks[i].number, i};
	course->n_followed = n_stacks;
	qsort(course->followed, n_stacks, sizeof(*course->followed), by_number);
	history->n_recorded = course->recording->n_moments;
	history->n_moments = course->n_chosen;
	history->n_stacks = n_stacks;
	history->moments = calloc(course->n_chosen + 1, sizeof(*history->moments));
	history->usages = calloc(course->n_chosen * n_stacks + 1, sizeof(*history->usages));
	for (size_t i = 0; i < course->n_chosen; i++) {
		if (course->chosen[i] == shown)
			history->shown = i;
	}
	return history->moments && history->usages ? 0 : recording_out_of_memory(course->recording);
}

int recording_history(struct recording *recording, const struct snapshot *snapshot, size_t n_stacks, size_t moment,
                      size_t max_moments, struct history **result)
{
	struct course course = {.recording = recording, .history = calloc(1, sizeof(*course.history))};
	size_t most = USAGES_MAX / (n_stacks + 1);
	int error = prepare(&course, snapshot, n_stacks, moment, most < max_moments ? most : max_moments);

	if (!error)
		error = follow(&course);
	free(course.chosen);
	free(course.followed);
	free(course.now);
	if (error)
		history_free(course.history);
	*result = error ? NULL : course.history;
	return error;
}

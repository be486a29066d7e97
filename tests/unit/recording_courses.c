// SPDX-License-Identifier: GPL-2.0-or-later
/* Courses of stacks over a recording's moments, against what the run is known to have been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/recording_run.h"

/* What the made-up stack had. */
static struct usage usage_at(const struct run *run, size_t t, size_t s)
{
	const struct made_state *state = &run->states[t][s];

	return state->present && (s % PROCESSES < 4 || t >= 12) ? state->usage : (struct usage){0};
}

static void check_history(const struct run *run, const struct history *history, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < history->n_moments; i++) {
		size_t t = (history->moments[i].time_unix_ns - SAMPLE_TIME_NS) / STEP_NS;

		assert_true(!i || history->moments[i].time_unix_ns > history->moments[i - 1].time_unix_ns);
		for (size_t j = 0; j < history->n_stacks; j++) {
			const struct moment_usage *got = &history->usages[j * history->n_moments + i];
			struct usage wanted = usage_at(run, t, snapshot->stacks[j].number);

			assert_int_equal(got->live_bytes, wanted.live_bytes);
			assert_int_equal(got->live_blocks, wanted.live_blocks);
			assert_int_equal(got->alloc_bytes, wanted.alloc_bytes);
			assert_int_equal(got->alloc_count, wanted.alloc_count);
		}
	}
}

static void check_course(struct run *run, struct recording *recording, size_t moment, size_t max, bool all)
{
	struct snapshot *snapshot, *made = make_snapshot(run, moment);
	struct history *history;
	const struct moment *moments;
	size_t n, n_shown;

	moments = recording_moments(recording, &n);
	assert_int_equal(recording_snapshot(recording, moment, &snapshot), 0);
	n_shown = all ? snapshot->n_stacks : snapshot->n_stacks / 8;
	assert_int_equal(recording_history(recording, snapshot, n_shown, moment, max, &history), 0);
	assert_true(history->n_moments >= 1 && history->n_moments <= (max < n ? max : n));
	assert_int_equal(history->n_stacks, n_shown);
	assert_int_equal(history->moments[history->shown].time_unix_ns, moments[moment].time_unix_ns);
	if (max >= n)
		assert_int_equal(history->n_moments, n);
	for (size_t i = 0; i < n_shown; i++)
		snapshot->stacks[i].number = find_stack(made, snapshot, &snapshot->stacks[i])->number;
	check_history(run, history, snapshot);
	history_free(history);
	snapshot_free(snapshot);
	snapshot_free(made);
}

static void courses(void **state)
{
	static const size_t moments[] = {0, 1, 5, 6, 70, MOMENTS - 1},
	                    most[] = {1, 2, 7, 50, MOMENTS - 1, MOMENTS, 1000};
	struct run *run = run_new("courses");
	struct recording *recording;

	(void)state;
	write_run(run, MOMENTS, false);
	recording = open_run(run);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		for (size_t j = 0; j < sizeof(most) / sizeof(most[0]); j++)
			check_course(run, recording, moments[i], most[j], j % 2);
	}
	recording_close(recording);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(courses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

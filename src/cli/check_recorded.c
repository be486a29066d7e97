// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/check_recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/aggregate.h"

static int refuse(char *error, size_t error_size, const char *words)
{
	snprintf(error, error_size, "%s", words);
	return -EINVAL;
}

int check_recorded_options(struct options *options, char *error, size_t error_size)
{
	bool other_limit = options->max_leak_bytes_given || options->max_leak_count_given ||
	                   options->max_stack_bytes_given || options->baseline;

	if (options->n_files > 1 || options->n_pids || options->command)
		return refuse(error, error_size, "one thing at a time is judged: a process, a command or a recording");
	if (options->duration_ns)
		return refuse(error, error_size, "--duration has no meaning for a recording, which has its own");
	if (options->follow_fork)
		return refuse(error, error_size,
		              "--follow-fork has no meaning for a recording: it was made with it, or not");
	if (!options->kinds_given)
		options->kinds[other_limit ? CHECK_OUTSTANDING : CHECK_GROWING] = true;
	if (options->kinds[CHECK_DEFINITE] || options->kinds[CHECK_INDIRECT] || options->kinds[CHECK_POSSIBLE])
		return refuse(
		    error, error_size,
		    "a recording does not tell what can be reached: judge growing or outstanding with --kinds");
	if (options->warmup_ns && !options_judge_growth(options))
		return refuse(
		    error, error_size,
		    "a recording does not tell when live blocks were allocated: --warmup is for growth alone");
	return 0;
}

/* The first moment that is not within the warm-up. */
static size_t first_moment(const struct moment *moments, size_t n, uint64_t warmup_ns)
{
	size_t first = 0;

	while (first < n && moments[first].time_unix_ns - moments[0].time_unix_ns < warmup_ns)
		first++;
	return first;
}

static int read_snapshot(struct recorded *recorded, size_t moment, struct snapshot **snapshot)
{
	int error = recorded_snapshot(recorded, moment, snapshot);

	if (error)
		return error;
	(*snapshot)->command = "check";
	/* Others compare it stack by stack, in this order. */
	error = aggregate_merge(*snapshot);
	if (!error)
		return 0;
	snapshot_free(*snapshot);
	*snapshot = NULL;
	snprintf(recorded->error, sizeof(recorded->error), "out of memory");
	return error;
}

static bool has_ended(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		if (!snapshot->processes[i].ended)
			return false;
	}
	return true;
}

/* The last snapshot; where growth is looked at, the last one in which something ran: much is freed at the end. */
static int read_last(struct recorded *recorded, const struct options *options, size_t *moment, struct snapshot **last)
{
	int error = read_snapshot(recorded, *moment, last);

	if (error || !*moment || !options_judge_growth(options) || !has_ended(*last))
		return error;
	snapshot_free(*last);
	*last = NULL;
	--*moment;
	return read_snapshot(recorded, *moment, last);
}

/* The beginnings of rounds, and the end of the last one. */
static int read_rounds(struct recorded *recorded, const struct options *options, size_t last, struct snapshot **rounds,
                       size_t *n_rounds)
{
	size_t n, first, parts = options->rounds ? options->rounds : 1;
	const struct moment *moments = recording_moments(recorded->recording, &n);
	int error = 0;

	first = first_moment(moments, last + 1, options->warmup_ns);
	n = last + 1 - first;
	if (n < parts + 1) {
		snprintf(
		    recorded->error, sizeof(recorded->error),
		    "%zu snapshots are too few to see growth in %zu rounds: fewer with --rounds, or a longer recording",
		    n, parts);
		return -EINVAL;
	}
	for (size_t i = 0; i <= parts && !error; i++) {
		error = read_snapshot(recorded, first + i * (last - first) / parts, &rounds[i]);
		*n_rounds += !error;
	}
	return error;
}

int check_recorded_read(struct recorded *recorded, const struct options *options, struct snapshot **last,
                        struct snapshot ***rounds, size_t *n_rounds)
{
	size_t moment;
	int error;

	*last = NULL;
	*n_rounds = 0;
	*rounds = calloc((size_t)options->rounds + 1, sizeof(struct snapshot *));
	if (!*rounds) {
		snprintf(recorded->error, sizeof(recorded->error), "out of memory");
		return -ENOMEM;
	}
	recording_moments(recorded->recording, &moment);
	moment--;
	error = read_last(recorded, options, &moment, last);
	if (!error && options_judge_growth(options))
		error = read_rounds(recorded, options, moment, *rounds, n_rounds);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/script_json.h"

/* Stacks times moments that a browser copes with, and the moments that a slider and a chart can tell apart. */
#define POINTS_MAX 1000000
#define MOMENTS_MAX 240
#define MOMENTS_MIN 24

struct choice {
	size_t *moments; /* in their order */
	size_t n;
};

static size_t count_wanted(size_t n_stacks)
{
	size_t n = n_stacks ? POINTS_MAX / n_stacks : MOMENTS_MAX;

	if (n < MOMENTS_MIN)
		return MOMENTS_MIN;
	return n < MOMENTS_MAX ? n : MOMENTS_MAX;
}

/* The moments of a stretch with the most and the least live bytes. */
static void find_extremes(const struct history *history, size_t first, size_t end, size_t *high, size_t *low)
{
	*high = *low = first;
	for (size_t i = first; i < end; i++) {
		if (history->moments[i].live_bytes > history->moments[*high].live_bytes)
			*high = i;
		if (history->moments[i].live_bytes < history->moments[*low].live_bytes)
			*low = i;
	}
}

static int choose(struct choice *choice, const struct history *history, size_t n_wanted)
{
	size_t n = history->n_moments, stretches = n <= n_wanted ? n : n_wanted / 2, high, low;

	choice->moments = calloc(n + 1, sizeof(*choice->moments));
	if (!choice->moments)
		return -ENOMEM;
	for (size_t i = 0; i < stretches; i++) {
		size_t first = i * n / stretches, end = (i + 1) * n / stretches;

		find_extremes(history, first, end, &high, &low);
		for (size_t moment = first; moment < end; moment++) {
			if (moment == high || moment == low || moment == history->shown || moment == 0 ||
			    moment == n - 1)
				choice->moments[choice->n++] = moment;
		}
	}
	return 0;
}

static uint64_t time_ms(const struct moment *moment)
{
	return moment->time_unix_ns / 1000000;
}

static uint64_t live_bytes(const struct moment *moment)
{
	return moment->live_bytes;
}

static uint64_t live_blocks(const struct moment *moment)
{
	return moment->live_blocks;
}

static uint64_t alloc_bytes(const struct moment *moment)
{
	return moment->alloc_bytes;
}

static uint64_t alloc_count(const struct moment *moment)
{
	return moment->alloc_count;
}

static uint64_t resident_bytes(const struct moment *moment)
{
	return moment->resident_bytes;
}

static uint64_t complete(const struct moment *moment)
{
	return moment->complete;
}

static void write_moments(FILE *out, const struct history *history, const struct choice *choice)
{
	static const struct {
		const char *name;
		uint64_t (*value)(const struct moment *moment);
	} columns[] = {
	    {"time_ms", time_ms},         {"live_bytes", live_bytes},   {"live_blocks", live_blocks},
	    {"alloc_bytes", alloc_bytes}, {"alloc_count", alloc_count}, {"resident_bytes", resident_bytes},
	    {"complete", complete},
	};

	for (size_t column = 0; column < sizeof(columns) / sizeof(columns[0]); column++) {
		script_json_key(out, columns[column].name, 0);
		for (size_t i = 0; i < choice->n; i++)
			fprintf(out, "%c%" PRIu64, i ? ',' : '[',
			        columns[column].value(&history->moments[choice->moments[i]]));
		fputc(']', out);
	}
}

/* What a stack has more or less than at the moment before: numbers may go down. */
static void write_difference(FILE *out, uint64_t now, uint64_t before)
{
	if (now >= before)
		fprintf(out, ",%" PRIu64, now - before);
	else
		fprintf(out, ",-%" PRIu64, before - now);
}

/* A flat list: for each moment at which something changed how many moments later it is, and four differences. */
static void write_course(FILE *out, const struct history *history, const struct choice *choice, size_t stack)
{
	struct moment_usage before = {0};
	size_t last = 0;
	const char *separator = "[";

	for (size_t i = 0; i < choice->n; i++) {
		const struct moment_usage *now = &history->usages[stack * history->n_moments + choice->moments[i]];

		if (now->live_bytes == before.live_bytes && now->live_blocks == before.live_blocks &&
		    now->alloc_bytes == before.alloc_bytes && now->alloc_count == before.alloc_count)
			continue;
		fprintf(out, "%s%zu", separator, i - last);
		write_difference(out, now->live_bytes, before.live_bytes);
		write_difference(out, now->live_blocks, before.live_blocks);
		write_difference(out, now->alloc_bytes, before.alloc_bytes);
		write_difference(out, now->alloc_count, before.alloc_count);
		separator = ",";
		before = *now;
		last = i;
	}
	fputs(separator[0] == '[' ? "[]" : "]", out);
}

static void write_courses(FILE *out, const struct snapshot *snapshot, const struct choice *choice)
{
	const struct history *history = snapshot->history;

	script_json_key(out, "courses", 0);
	fputc('[', out);
	for (size_t i = 0; i < snapshot->n_stacks_shown && i < history->n_stacks; i++) {
		fputs(i ? ",\n" : "", out);
		write_course(out, history, choice, i);
	}
	fputc(']', out);
}

int html_history_write(FILE *out, const struct snapshot *snapshot)
{
	const struct history *history = snapshot->history;
	struct choice choice = {0};
	size_t shown = 0;
	int error;

	if (!history || !history->n_moments) {
		fputs("null", out);
		return 0;
	}
	error = choose(&choice, history, count_wanted(snapshot->n_stacks_shown));
	if (error)
		return error;
	while (shown + 1 < choice.n && choice.moments[shown] < history->shown)
		shown++;
	fprintf(out, "{\"n_recorded\":%zu,\"shown\":%zu", history->n_recorded, shown);
	write_moments(out, history, &choice);
	write_courses(out, snapshot, &choice);
	fputc('}', out);
	free(choice.moments);
	return 0;
}

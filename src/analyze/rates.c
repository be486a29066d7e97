// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/rates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/identity.h"

/* The stacks of a snapshot, to be searched. */
struct index {
	const struct snapshot *snapshot;
	struct stack *stacks; /* shallow copies, without leak classes, sorted */
	double *bytes;        /* of each and those before it: a stack with several rows is the difference of two */
};

static int compare(const void *a, const void *b, void *context)
{
	const struct snapshot *snapshot = context;

	return identity_compare(snapshot, a, snapshot, b);
}

static void index_clear(struct index *index)
{
	free(index->stacks);
	free(index->bytes);
}

static int index_fill(struct index *index, const struct snapshot *snapshot)
{
	index->snapshot = snapshot;
	index->stacks = calloc(snapshot->n_stacks + 1, sizeof(*index->stacks));
	index->bytes = calloc(snapshot->n_stacks + 1, sizeof(*index->bytes));
	if (!index->stacks || !index->bytes)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		index->stacks[i] = snapshot->stacks[i];
		index->stacks[i].leak = LEAK_UNJUDGED;
	}
	qsort_r(index->stacks, snapshot->n_stacks, sizeof(*index->stacks), compare, (void *)snapshot);
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		index->bytes[i + 1] = index->bytes[i] + (double)index->stacks[i].usage.live_bytes;
	return 0;
}

/* How many rows are before the stack (`behind` false), or before what follows it. */
static size_t count_before(const struct index *index, const struct snapshot *now, const struct stack *stack,
                           bool behind)
{
	size_t low = 0, high = index->snapshot->n_stacks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = identity_compare(index->snapshot, &index->stacks[middle], now, stack);

		if (order < 0 || (behind && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double bytes_of(const struct index *index, const struct snapshot *now, const struct stack *row)
{
	struct stack stack = *row;

	stack.leak = LEAK_UNJUDGED;
	return index->bytes[count_before(index, now, &stack, true)] -
	       index->bytes[count_before(index, now, &stack, false)];
}

/* Lowers the rates to those of this round. */
static void measure_round(const struct index *before, const struct index *after, const struct snapshot *now,
                          double *rates)
{
	double elapsed_s = ((double)after->snapshot->elapsed_ns - (double)before->snapshot->elapsed_ns) / 1e9;

	for (size_t i = 0; i < now->n_stacks; i++) {
		const struct stack *stack = &now->stacks[i];
		double growth = bytes_of(after, now, stack) - bytes_of(before, now, stack);
		double rate = elapsed_s > 0 ? growth / elapsed_s : 0;

		if (rate < rates[i])
			rates[i] = rate;
	}
}

int rates_measure(struct snapshot *const *rounds, size_t n, const struct snapshot *now, double *rates)
{
	struct index before = {0}, after = {0};
	int error = n ? index_fill(&before, rounds[0]) : 0;

	for (size_t i = 0; i < now->n_stacks; i++)
		rates[i] = n > 1 ? INFINITY : 0;
	for (size_t i = 1; i < n && !error; i++) {
		error = index_fill(&after, rounds[i]);
		if (!error)
			measure_round(&before, &after, now, rates);
		index_clear(&before);
		before = after;
		after = (struct index){0};
	}
	index_clear(&before);
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/intervals.h"

#include <errno.h>
#include <stdlib.h>

int intervals_add(struct intervals *intervals, uint64_t start, uint64_t end, uint64_t value)
{
	if (end <= start)
		return 0;
	if (intervals->n == INTERVALS_MAX)
		return -EOVERFLOW;
	if (intervals->n == intervals->capacity) {
		size_t capacity = intervals->capacity ? intervals->capacity * 2 : 32;
		struct interval *items = reallocarray(intervals->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		intervals->items = items;
		intervals->capacity = capacity;
	}
	intervals->items[intervals->n++] = (struct interval){.start = start, .end = end, .value = value};
	return 0;
}

/* By start; of two with the same start the longer first, so that the shorter is on top of it. */
static int compare(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* The sweep over sorted ranges: `open` are those begun and not yet ended, innermost last. */
struct sweep {
	struct intervals flat;
	struct interval *open;
	size_t n_open;
	uint64_t at; /* everything below is settled */
};

static int emit(struct sweep *sweep, uint64_t end, uint64_t value)
{
	int err = intervals_add(&sweep->flat, sweep->at, end, value);

	if (end > sweep->at)
		sweep->at = end;
	return err;
}

/* Settles everything below `address`. */
static int advance(struct sweep *sweep, uint64_t address)
{
	while (sweep->n_open) {
		const struct interval *top = &sweep->open[sweep->n_open - 1];
		int err;

		if (top->end > address)
			return emit(sweep, address, top->value);
		err = emit(sweep, top->end, top->value);
		if (err)
			return err;
		sweep->n_open--;
	}
	sweep->at = address;
	return 0;
}

int intervals_settle(struct intervals *intervals)
{
	struct sweep sweep = {0};
	int err = 0;

	if (!intervals->n)
		return 0;
	qsort(intervals->items, intervals->n, sizeof(*intervals->items), compare);
	sweep.open = calloc(intervals->n, sizeof(*sweep.open));
	if (!sweep.open)
		return -ENOMEM;
	for (size_t i = 0; i < intervals->n && !err; i++) {
		err = advance(&sweep, intervals->items[i].start);
		sweep.at = intervals->items[i].start;
		sweep.open[sweep.n_open++] = intervals->items[i];
	}
	if (!err)
		err = advance(&sweep, UINT64_MAX);
	free(sweep.open);
	if (err) {
		intervals_clear(&sweep.flat);
		return err;
	}
	intervals_clear(intervals);
	*intervals = sweep.flat;
	return 0;
}

const struct interval *intervals_find(const struct intervals *intervals, uint64_t address)
{
	size_t low = 0, high = intervals->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (intervals->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= intervals->items[low - 1].end)
		return NULL;
	return &intervals->items[low - 1];
}

void intervals_clear(struct intervals *intervals)
{
	free(intervals->items);
	*intervals = (struct intervals){0};
}

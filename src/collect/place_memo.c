// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/place_memo.h"

#include <stdlib.h>

/* 96 MiB; more only where a process of tens of GiB is spread over nodes by the page. */
#define MAX_RUNS (4U << 20)

struct run {
	uint64_t start, end;
	int node;
};

struct place_memo {
	struct run *runs; /* by address */
	size_t n, size;
	bool failed;
};

struct place_memo *place_memo_new(void)
{
	return calloc(1, sizeof(struct place_memo));
}

void place_memo_free(struct place_memo *memo)
{
	if (!memo)
		return;
	free(memo->runs);
	free(memo);
}

bool place_memo_whole(const struct place_memo *memo)
{
	return !memo->failed;
}

static void add_run(struct place_memo *memo, const struct resident_piece *piece, int node)
{
	struct run *last = memo->n ? &memo->runs[memo->n - 1] : NULL;

	if (last && last->end == piece->start && last->node == node) {
		last->end = piece->end;
		return;
	}
	if (!memo->runs || memo->n == memo->size) {
		size_t size = memo->size ? 2 * memo->size : 256;
		struct run *runs = size <= MAX_RUNS ? reallocarray(memo->runs, size, sizeof(*runs)) : NULL;

		memo->failed |= !runs;
		if (!runs)
			return;
		memo->runs = runs;
		memo->size = size;
	}
	memo->runs[memo->n++] = (struct run){piece->start, piece->end, node};
}

void place_memo_add(struct place_memo *memo, const struct resident_piece *pieces, const int *nodes, size_t n)
{
	for (size_t i = 0; i < n && !memo->failed; i++) {
		if (nodes[i] >= 0)
			add_run(memo, &pieces[i], nodes[i]);
	}
}

/* The first run that ends behind the address. */
static size_t find(const struct place_memo *memo, uint64_t address)
{
	size_t low = 0, high = memo->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memo->runs[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

size_t place_memo_next(const struct place_memo *memo, uint64_t *from, uint64_t end, struct resident_piece *pieces,
                       int *nodes, size_t max)
{
	size_t n = 0;

	if (!memo->runs) {
		*from = end;
		return 0;
	}
	for (size_t i = find(memo, *from); i < memo->n && memo->runs[i].start < end && n < max; i++, n++) {
		const struct run *run = &memo->runs[i];

		pieces[n].start = run->start > *from ? run->start : *from;
		pieces[n].end = run->end < end ? run->end : end;
		nodes[n] = run->node;
		*from = pieces[n].end;
	}
	if (n < max)
		*from = end;
	return n;
}

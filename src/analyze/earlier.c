// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/earlier.h"

#include <errno.h>
#include <stdlib.h>

#include "model/identity.h"

static int compare_identity(const void *a, const void *b, void *context)
{
	const struct snapshot *snapshot = context;

	return identity_compare(snapshot, *(const struct stack *const *)a, snapshot, *(const struct stack *const *)b);
}

int earlier_init(struct earlier *earlier, const struct snapshot *snapshot)
{
	size_t n = snapshot ? snapshot->n_stacks : 0;

	earlier->snapshot = snapshot;
	earlier->sorted = calloc(n + 1, sizeof(*earlier->sorted));
	if (!earlier->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		earlier->sorted[i] = &snapshot->stacks[i];
	if (n)
		qsort_r(earlier->sorted, n, sizeof(*earlier->sorted), compare_identity, (void *)snapshot);
	return 0;
}

void earlier_free(struct earlier *earlier)
{
	free(earlier->sorted);
}

const struct stack *earlier_find(const struct earlier *earlier, const struct snapshot *now, const struct stack *stack)
{
	size_t low = 0, high = earlier->snapshot ? earlier->snapshot->n_stacks : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = identity_compare(earlier->snapshot, earlier->sorted[middle], now, stack);

		if (order == 0)
			return earlier->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

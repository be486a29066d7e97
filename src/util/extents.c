// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/extents.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Can `right`, which follows `left`, be one with it? */
static bool joins(const struct extents *extents, const struct extent *left, const struct extent *right)
{
	return left->first + left->n == right->first && (!extents->boundary || right->first % extents->boundary);
}

static void remove_at(struct extents *extents, size_t i)
{
	extents->n_free--;
	memmove(&extents->free[i], &extents->free[i + 1], (extents->n_free - i) * sizeof(*extents->free));
}

int extents_give(struct extents *extents, struct extent extent)
{
	struct extent *grown = reallocarray(extents->free, extents->n_free + 1, sizeof(*grown));
	size_t i = 0;

	if (!grown)
		return -ENOMEM;
	extents->free = grown;
	while (i < extents->n_free && grown[i].first < extent.first)
		i++;
	memmove(&grown[i + 1], &grown[i], (extents->n_free - i) * sizeof(*grown));
	grown[i] = extent;
	extents->n_free++;
	if (i + 1 < extents->n_free && joins(extents, &grown[i], &grown[i + 1])) {
		grown[i].n += grown[i + 1].n;
		remove_at(extents, i + 1);
	}
	if (i && joins(extents, &grown[i - 1], &grown[i])) {
		grown[i - 1].n += grown[i].n;
		remove_at(extents, i);
	}
	return 0;
}

int extents_take(struct extents *extents, uint32_t n, uint32_t *first)
{
	for (size_t i = 0; i < extents->n_free; i++) {
		struct extent *extent = &extents->free[i];

		if (extent->n < n)
			continue;
		*first = extent->first;
		extent->first += n;
		extent->n -= n;
		if (!extent->n)
			remove_at(extents, i);
		return 0;
	}
	return -ENOSPC;
}

void extents_clear(struct extents *extents)
{
	free(extents->free);
	*extents = (struct extents){.boundary = extents->boundary};
}

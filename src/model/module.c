// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/module.h"

#define PIECES_MAX 256 /* of one stretch */

const struct mapping *mapping_find(const struct mapping *mappings, size_t n, uint64_t address, uint32_t version)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low--) {
		const struct mapping *mapping = &mappings[low];

		if (address < mapping->end && version >= mapping->from && version <= mapping->until)
			return mapping;
	}
	return NULL;
}

/* Does b go on where a ends, in the process and in the file? */
static bool goes_on(const struct mapping *a, const struct mapping *b)
{
	return a && b && a->module == b->module && a->end == b->start && a->offset + (a->end - a->start) == b->offset;
}

bool mapping_stretch(const struct mapping *mappings, size_t n, const struct mapping *mapping, uint32_t version,
                     uint64_t *first, uint64_t *end)
{
	const struct mapping *lowest = mapping, *highest = mapping, *next;
	int pieces = 0;

	while (pieces++ < PIECES_MAX && goes_on(next = mapping_find(mappings, n, lowest->start - 1, version), lowest))
		lowest = next;
	while (pieces++ < PIECES_MAX && goes_on(highest, next = mapping_find(mappings, n, highest->end, version)))
		highest = next;
	*first = lowest->offset;
	*end = highest->offset + (highest->end - highest->start);
	return pieces <= PIECES_MAX;
}

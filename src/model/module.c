// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/module.h"

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

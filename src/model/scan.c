// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/scan.h"

#include <stdlib.h>

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	for (size_t i = 0; i < scan->n_areas; i++)
		free(scan->areas[i].name);
	free(scan->areas);
	free(scan->words);
	free(scan->unused);
	free(scan->before);
	free(scan);
}

const char *scan_register_name(const struct scan *scan, uint16_t number)
{
	return number < scan->n_register_names ? scan->register_names[number] : "a vector register";
}

const struct scan_area *scan_area_at(const struct scan *scan, uint64_t address)
{
	size_t low = 0, high = scan->n_areas;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (scan->areas[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < scan->n_areas && scan->areas[low].start <= address ? &scan->areas[low] : NULL;
}

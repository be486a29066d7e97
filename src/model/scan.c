// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/scan.h"

#include <stdlib.h>

struct scan *scan_share(struct scan *scan)
{
	if (scan)
		__atomic_add_fetch(&scan->n_more, 1, __ATOMIC_RELAXED);
	return scan;
}

void scan_free(struct scan *scan)
{
	if (!scan || __atomic_fetch_sub(&scan->n_more, 1, __ATOMIC_ACQ_REL))
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
	if (number == REACH_STACK_POINTER)
		return "the stack pointer";
	return number < scan->n_register_names ? scan->register_names[number] : "a vector register";
}

size_t scan_area_index(const struct scan_area *areas, size_t n, uint64_t address)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (areas[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && areas[low].start <= address ? low : n;
}

const struct scan_area *scan_area_at(const struct scan *scan, uint64_t address)
{
	size_t i = scan_area_index(scan->areas, scan->n_areas, address);

	return i < scan->n_areas ? &scan->areas[i] : NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jemalloc keeps its descriptions, leaves and arenas in mappings of their own ("base"), each at a multiple of a huge
 * page. They point to blocks, and would make every large one look reachable.
 */
#include <errno.h>

#include "heap/jemalloc_state.h"

#define HUGE_PAGE_BYTES (2UL << 20)
#define MAX_HUGE_PAGES 2048 /* before an address that its mapping's start is looked for */

/* The first words of such a mapping (base_block_t): its size, the next one, and a description of what is left of it. */
enum {
	HEADER_SIZE,
	HEADER_REST = 3,
	HEADER_REST_SIZE,
	HEADER_WORDS,
};

/* The end of the mapping that starts there and holds an address; 0: none does. */
static uint64_t end_of(const struct heap_walk *walk, uint64_t start, uint64_t address)
{
	uint64_t header[HEADER_WORDS], size, rest;

	if (!heap_read(walk, start, header, sizeof(header)))
		return 0;
	size = header[HEADER_SIZE];
	rest = header[HEADER_REST];
	if (size % HUGE_PAGE_BYTES || size <= address - start || size >= 1UL << 47 || rest <= start ||
	    rest > start + size || header[HEADER_REST_SIZE] != start + size - rest ||
	    !heap_is_writable(walk, start, start + size))
		return 0;
	return start + size;
}

int jemalloc_add_metadata(struct heap_walk *walk, uint64_t address)
{
	uint64_t start = address & ~(HUGE_PAGE_BYTES - 1);
	int err;

	if (heap_area_at(walk->heap, address))
		return 0;
	for (unsigned int i = 0; i < MAX_HUGE_PAGES && start >= HUGE_PAGE_BYTES && heap_mapping_at(walk, start); i++) {
		uint64_t end = end_of(walk, start, address);

		if (end) {
			err = heap_area_open(walk, start, end);
			if (!err)
				err = heap_variables_add(walk, start, end);
			return err == -ENOMEM ? err : 0;
		}
		start -= HUGE_PAGE_BYTES;
	}
	return 0;
}

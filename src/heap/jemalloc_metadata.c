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
struct header {
	uint64_t size_bytes, next, bits, rest, rest_bytes;
};

static bool is_start(const struct heap_walk *walk, uint64_t start, uint64_t address, struct header *header)
{
	return heap_read(walk, start, header, sizeof(*header)) && header->size_bytes % HUGE_PAGE_BYTES == 0 &&
	       header->size_bytes > address - start && header->size_bytes < 1UL << 47 && header->rest > start &&
	       header->rest <= start + header->size_bytes &&
	       header->rest_bytes == start + header->size_bytes - header->rest &&
	       heap_is_writable(walk, start, start + header->size_bytes);
}

int jemalloc_add_metadata(struct heap_walk *walk, uint64_t address)
{
	uint64_t start = address & ~(HUGE_PAGE_BYTES - 1);
	struct header header;
	int err;

	if (heap_area_at(walk->heap, address))
		return 0;
	for (unsigned int i = 0; i < MAX_HUGE_PAGES && start >= HUGE_PAGE_BYTES && heap_mapping_at(walk, start); i++) {
		if (is_start(walk, start, address, &header)) {
			err = heap_area_open(walk, start, start + header.size_bytes);
			if (!err)
				err = heap_variables_add(walk, start, start + header.size_bytes);
			return err == -ENOMEM ? err : 0;
		}
		start -= HUGE_PAGE_BYTES;
	}
	return 0;
}

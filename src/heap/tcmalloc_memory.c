// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading what is scattered in pages that are near each other, and what is mostly empty. */
#include <string.h>

#include "heap/tcmalloc_state.h"

bool tcmalloc_read(struct tcmalloc *tcmalloc, uint64_t address, void *buffer, size_t size)
{
	struct tcmalloc_page *page = &tcmalloc->page;
	uint64_t start = address & ~(uint64_t)(HEAP_PAGE_BYTES - 1);

	if (size > start + HEAP_PAGE_BYTES - address)
		return heap_read(tcmalloc->walk, address, buffer, size);
	if (!start || start != page->address) {
		page->address = 0;
		if (!start || !heap_read(tcmalloc->walk, start, page->bytes, sizeof(page->bytes)))
			return false;
		page->address = start;
	}
	memcpy(buffer, page->bytes + (address - start), size);
	return true;
}

/* Most of the tree is empty, and goes by in pieces. */
#define PIECE_BYTES 512

static bool is_empty_piece(struct heap_walk *walk, uint64_t at)
{
	static const uint8_t zeroes[PIECE_BYTES];
	const uint8_t *bytes = at % PIECE_BYTES ? NULL : heap_window_at(walk, at, PIECE_BYTES);

	return bytes && !memcmp(bytes, zeroes, PIECE_BYTES);
}

bool tcmalloc_next_word(struct heap_walk *walk, uint64_t *at, uint64_t *word)
{
	for (; *at < walk->window.limit; *at += sizeof(*word)) {
		const uint8_t *bytes;

		if (is_empty_piece(walk, *at)) {
			*at += PIECE_BYTES - sizeof(*word);
			continue;
		}
		bytes = heap_window_at(walk, *at, sizeof(*word));
		if (!bytes) {
			*at = (*at | (HEAP_PAGE_BYTES - 1)) + 1 - sizeof(*word);
			continue;
		}
		*word = heap_word(bytes);
		if (*word)
			return true;
	}
	return false;
}

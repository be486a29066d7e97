// SPDX-License-Identifier: GPL-2.0-or-later
/* Singly linked lists of small chunks that are free, though the chunk behind each says that it is in use. */
#include "heap/glibc_state.h"

#define MANGLE_SHIFT 12 /* the address of the pointer, without its page's bits, is mixed into it */

struct heap_extent *glibc_listed(const struct glibc *glibc, uint64_t pointer, enum glibc_list list, uint64_t size)
{
	struct heap_extent *block = heap_extent_at(glibc->walk, pointer + list);

	if (!block || (block->kind != HEAP_USED && block->kind != HEAP_MAYBE_USED))
		return NULL;
	return block->end - block->start + sizeof(uint64_t) == size ? block : NULL;
}

/* Every list's last pointer is 0, which tells the two kinds apart. */
static enum glibc_links kind_of_links(const struct glibc *glibc, uint64_t word, uint64_t mask, enum glibc_list list)
{
	if (!word || (word != mask && heap_extent_at(glibc->walk, word + list)))
		return LINKS_PLAIN;
	return LINKS_MANGLED;
}

bool glibc_next_listed(struct glibc *glibc, const struct heap_extent *block, enum glibc_list list, uint64_t *next)
{
	uint64_t word, mask = block->start >> MANGLE_SHIFT;

	if (!heap_read(glibc->walk, block->start, &word, sizeof(word)))
		return false;
	if (glibc->links == LINKS_UNSEEN)
		glibc->links = kind_of_links(glibc, word, mask, list);
	*next = glibc->links == LINKS_MANGLED ? word ^ mask : word;
	return true;
}

/* What is marked as free is not found again, so a ring ends. */
static bool read_fastbin(struct glibc *glibc, uint64_t chunk, uint64_t size)
{
	while (chunk) {
		struct heap_extent *block = glibc_listed(glibc, chunk, LIST_OF_CHUNKS, size);

		if (!block || !glibc_next_listed(glibc, block, LIST_OF_CHUNKS, &chunk))
			return false;
		block->kind = HEAP_FREE;
	}
	return true;
}

void glibc_read_fastbins(struct glibc *glibc)
{
	for (size_t i = 0; i < glibc->n_arenas; i++)
		for (unsigned int bin = 0; bin < FASTBINS; bin++) {
			const struct glibc_arena *arena = &glibc->arenas[i];

			if (read_fastbin(glibc, arena->fastbins[bin], CHUNK_MIN_BYTES + bin * CHUNK_ALIGN))
				continue;
			heap_trouble_note(glibc->walk, HEAP_BAD_LIST, arena->fastbins[bin]);
			glibc->doubtful_fastbins |= 1U << bin;
		}
}

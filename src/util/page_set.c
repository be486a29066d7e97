// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/page_set.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE_BYTES (1ULL << PAGE_SET_PAGE_SHIFT)
#define LEAF_PAGES (1ULL << (PAGE_SET_LEAF_SHIFT - PAGE_SET_PAGE_SHIFT))
#define END_OF_ALL (1ULL << PAGE_SET_ADDRESS_BITS)

struct page_set *page_set_new(void)
{
	return calloc(1, sizeof(struct page_set));
}

void page_set_free(struct page_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < PAGE_SET_LEAVES; i++)
		free(set->leaves[i]);
	free(set);
}

/* The pages touched, as numbers [*first, *end); false: none. */
static bool pages_of(uint64_t start, uint64_t bytes, uint64_t *first, uint64_t *end)
{
	if (start >= END_OF_ALL || !bytes)
		return false;
	if (bytes > END_OF_ALL - start)
		bytes = END_OF_ALL - start;
	*first = start / PAGE_BYTES;
	*end = (start + bytes - 1) / PAGE_BYTES + 1;
	return true;
}

/* Of a word's 64 pages from `first` on, those before `end`. */
static uint64_t bits_of(uint64_t first, uint64_t end)
{
	uint64_t bits = ~0ULL << (first % 64);

	if (end / 64 == first / 64)
		bits &= (1ULL << (end % 64)) - 1;
	return bits;
}

int page_set_add(struct page_set *set, uint64_t start, uint64_t bytes)
{
	uint64_t first, end;

	if (!pages_of(start, bytes, &first, &end))
		return 0;
	for (uint64_t page = first; page < end; page = (page / 64 + 1) * 64) {
		uint64_t **leaf = &set->leaves[page / LEAF_PAGES];

		if (!*leaf) {
			*leaf = calloc(LEAF_PAGES / 64, sizeof(uint64_t));
			if (!*leaf)
				return -ENOMEM;
			set->leaf_bytes += LEAF_PAGES / 8;
		}
		(*leaf)[page % LEAF_PAGES / 64] |= bits_of(page, end);
	}
	return 0;
}

/* Leaves [first, end). */
static struct page_span span_of(size_t first, size_t end)
{
	return (struct page_span){(uint64_t)first << PAGE_SET_LEAF_SHIFT, (uint64_t)(end - first)
	                                                                      << PAGE_SET_LEAF_SHIFT};
}

void page_set_spans(const struct page_set *set, struct page_span spans[2])
{
	size_t first = PAGE_SET_LEAVES, end = 0, gap = 0, gap_end = 0;

	for (size_t i = 0; i < PAGE_SET_LEAVES; i++) {
		if (!set->leaves[i])
			continue;
		if (first == PAGE_SET_LEAVES)
			first = end = i;
		if (i - end > gap) {
			gap = i - end;
			gap_end = i;
		}
		end = i + 1;
	}
	if (!gap)
		gap_end = end;
	spans[0] = span_of(first < gap_end ? first : gap_end, gap_end - gap);
	spans[1] = span_of(gap_end, end);
}

bool page_set_covers(const struct page_set *set, uint64_t start, uint64_t bytes)
{
	uint64_t first, end;

	if (!pages_of(start, bytes, &first, &end))
		return false;
	for (uint64_t page = first; page < end; page = (page / 64 + 1) * 64) {
		const uint64_t *leaf = set->leaves[page / LEAF_PAGES];
		uint64_t bits = bits_of(page, end);

		if (!leaf || (leaf[page % LEAF_PAGES / 64] & bits) != bits)
			return false;
	}
	return true;
}

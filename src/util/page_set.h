/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of pages of an address space, made to be asked very often: two loads, a bit for each page. */
#ifndef MEMTRACE_UTIL_PAGE_SET_H
#define MEMTRACE_UTIL_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SET_PAGE_SHIFT 12
#define PAGE_SET_LEAF_SHIFT 30 /* bytes of address space that a leaf has bits for */
#define PAGE_SET_ADDRESS_BITS 48
#define PAGE_SET_LEAVES (1U << (PAGE_SET_ADDRESS_BITS - PAGE_SET_LEAF_SHIFT))

struct page_set {
	uint64_t *leaves[PAGE_SET_LEAVES]; /* NULL: no page there */
	uint64_t leaf_bytes;               /* that leaves take */
};

/* NULL: out of memory. The caller frees. */
struct page_set *page_set_new(void);
void page_set_free(struct page_set *set);

/* Adds all pages that [start, start + bytes) touches; beyond the 48 bits there are none. 0 or -ENOMEM. */
int page_set_add(struct page_set *set, uint64_t start, uint64_t bytes);

/* Are all pages that [start, start + bytes) touches in the set? */
bool page_set_covers(const struct page_set *set, uint64_t start, uint64_t bytes);

/*
 * The two shortest ranges of addresses, in whole leaves, outside of which no page of the set lies: most values that are
 * no addresses are told by them.
 */
struct page_span {
	uint64_t start, bytes;
};

void page_set_spans(const struct page_set *set, struct page_span spans[2]);

/* Is the page of the address, of no more than 48 bits, in the set? */
static inline bool page_set_has(const struct page_set *set, uint64_t address)
{
	const uint64_t *leaf = set->leaves[address >> PAGE_SET_LEAF_SHIFT];
	uint64_t page = (address >> PAGE_SET_PAGE_SHIFT) & ((1U << (PAGE_SET_LEAF_SHIFT - PAGE_SET_PAGE_SHIFT)) - 1);

	return leaf && leaf[page / 64] >> (page % 64) & 1;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/page_owner.h"

#include <string.h>

/*
 * Functions of mm/ that allocate pages for one purpose alone. Compilers inline some of them: of each way to the pages
 * there is one, on each kernel since 5.10, that is not.
 */
static const struct {
	const char *function;
	enum page_owner owner;
} rows[] = {
    /* mm/slub.c */
    {"allocate_slab", PAGES_OF_SLAB},
    {"new_slab", PAGES_OF_SLAB},
    {"___slab_alloc", PAGES_OF_SLAB},
    {"__slab_alloc", PAGES_OF_SLAB},
    {"refill_objects", PAGES_OF_SLAB},
    /* mm/filemap.c, mm/readahead.c, mm/shmem.c */
    {"__page_cache_alloc", PAGES_OF_USER},
    {"filemap_alloc_folio", PAGES_OF_USER},
    {"filemap_alloc_folio_noprof", PAGES_OF_USER},
    {"page_cache_ra_unbounded", PAGES_OF_USER},
    {"page_cache_ra_order", PAGES_OF_USER},
    {"shmem_alloc_folio", PAGES_OF_USER},
    {"shmem_alloc_page", PAGES_OF_USER},
    {"shmem_alloc_and_add_folio", PAGES_OF_USER},
    /* mm/memory.c, mm/huge_memory.c, mm/hugetlb.c */
    {"vma_alloc_folio", PAGES_OF_USER},
    {"vma_alloc_folio_noprof", PAGES_OF_USER},
    {"alloc_pages_vma", PAGES_OF_USER},
    {"folio_prealloc", PAGES_OF_USER},
    {"do_anonymous_page", PAGES_OF_USER},
    {"do_huge_pmd_anonymous_page", PAGES_OF_USER},
    {"alloc_buddy_hugetlb_folio", PAGES_OF_USER},
    {"alloc_buddy_huge_page", PAGES_OF_USER},
};

/* Page tables are made on the way to user memory, but are the kernel's own. */
static const char *const page_table_functions[] = {"pte_alloc_one",        "__pte_alloc",         "__pmd_alloc",
                                                   "__pud_alloc",          "__p4d_alloc",         "pgd_alloc",
                                                   "pte_alloc_one_noprof", "pmd_alloc_one_noprof"};

static bool is_page_table(const char *function)
{
	for (size_t i = 0; i < sizeof(page_table_functions) / sizeof(page_table_functions[0]); i++) {
		if (!strcmp(function, page_table_functions[i]))
			return true;
	}
	return false;
}

/* So near to the pages is who asks for them; further out is who waits for it: a driver that reads a page of a file. */
#define NEAR_FRAMES 10

enum page_owner page_owner(const struct stack *stack)
{
	for (size_t i = 0; i < stack->n_frames && i < NEAR_FRAMES; i++) {
		const char *function = stack->frames[i].function;

		if (!function)
			continue;
		if (is_page_table(function))
			return PAGES_OF_KERNEL;
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
			if (!strcmp(function, rows[j].function))
				return rows[j].owner;
		}
	}
	return PAGES_OF_KERNEL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Left out because what they call is in the table and counts exactly, too: reallocf and
 * mi_reallocf (realloc, then free when that fails), mi_reallocarr, mi__expand, mi_wcsdup,
 * mi_mbsdup and the like. Left out because no argument says how much they allocate:
 * mi_strdup, mi_strndup, mi_realpath. mi_heap_destroy frees blocks without a call for each.
 */
#include "probe/catalog.h"

#include <string.h>

#define _ NO_ARGUMENT

/* clang-format off */

#define ALLOC(family, name, size, count) {name, family, MT_ALLOC, MT_FAIL_NULL, size, count, _, _}
#define STORE(family, name, size, out) {name, family, MT_ALLOC, MT_FAIL_NONZERO, size, _, _, out}
#define REALLOC(family, name, old, size, count) {name, family, MT_REALLOC, MT_FAIL_NULL, size, count, old, _}
#define RESIZE(family, name, old, size) {name, family, MT_RESIZE, MT_FAIL_SMALLER, size, _, old, _}
#define FREE(family, name) {name, family, MT_FREE, MT_FAIL_NULL, _, _, 0, _}

/* In order of precedence: of aliases at one address the first row gives the name. */
const struct catalog_row catalog[] = {
	/* ISO C, POSIX and GNU: malloc(3), posix_memalign(3); C23 7.24.3 */
	ALLOC(CATALOG_C, "malloc", 0, _),
	ALLOC(CATALOG_C, "calloc", 1, 0),
	REALLOC(CATALOG_C, "realloc", 0, 1, _),
	REALLOC(CATALOG_C, "reallocarray", 0, 2, 1),
	FREE(CATALOG_C, "free"),
	STORE(CATALOG_C, "posix_memalign", 2, 0),
	ALLOC(CATALOG_C, "aligned_alloc", 1, _),
	ALLOC(CATALOG_C, "memalign", 1, _),
	ALLOC(CATALOG_C, "valloc", 0, _),
	ALLOC(CATALOG_C, "pvalloc", 0, _),
	FREE(CATALOG_C, "cfree"),
	FREE(CATALOG_C, "free_sized"),
	FREE(CATALOG_C, "free_aligned_sized"),

	/* jemalloc(3), non-standard API */
	ALLOC(CATALOG_EXTENDED, "mallocx", 0, _),
	REALLOC(CATALOG_EXTENDED, "rallocx", 0, 1, _),
	RESIZE(CATALOG_EXTENDED, "xallocx", 0, 1),
	FREE(CATALOG_EXTENDED, "dallocx"),
	FREE(CATALOG_EXTENDED, "sdallocx"),

	/* ISO C++17 21.6.2 [new.delete], mangled for 64-bit size_t: operator new and new[] */
	ALLOC(CATALOG_CXX, "_Znwm", 0, _),
	ALLOC(CATALOG_CXX, "_ZnwmRKSt9nothrow_t", 0, _),
	ALLOC(CATALOG_CXX, "_ZnwmSt11align_val_t", 0, _),
	ALLOC(CATALOG_CXX, "_ZnwmSt11align_val_tRKSt9nothrow_t", 0, _),
	ALLOC(CATALOG_CXX, "_Znam", 0, _),
	ALLOC(CATALOG_CXX, "_ZnamRKSt9nothrow_t", 0, _),
	ALLOC(CATALOG_CXX, "_ZnamSt11align_val_t", 0, _),
	ALLOC(CATALOG_CXX, "_ZnamSt11align_val_tRKSt9nothrow_t", 0, _),
	/* operator delete and delete[] */
	FREE(CATALOG_CXX, "_ZdlPv"),
	FREE(CATALOG_CXX, "_ZdlPvm"),
	FREE(CATALOG_CXX, "_ZdlPvRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdlPvmRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdlPvSt11align_val_t"),
	FREE(CATALOG_CXX, "_ZdlPvmSt11align_val_t"),
	FREE(CATALOG_CXX, "_ZdlPvSt11align_val_tRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdlPvmSt11align_val_tRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdaPv"),
	FREE(CATALOG_CXX, "_ZdaPvm"),
	FREE(CATALOG_CXX, "_ZdaPvRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdaPvmRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdaPvSt11align_val_t"),
	FREE(CATALOG_CXX, "_ZdaPvmSt11align_val_t"),
	FREE(CATALOG_CXX, "_ZdaPvSt11align_val_tRKSt9nothrow_t"),
	FREE(CATALOG_CXX, "_ZdaPvmSt11align_val_tRKSt9nothrow_t"),

	/* gperftools/tcmalloc.h; tc_malloc and the like come by their prefix */
	ALLOC(CATALOG_TCMALLOC, "tc_malloc_skip_new_handler", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_new", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_new_nothrow", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_new_aligned", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_new_aligned_nothrow", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_newarray", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_newarray_nothrow", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_newarray_aligned", 0, _),
	ALLOC(CATALOG_TCMALLOC, "tc_newarray_aligned_nothrow", 0, _),
	FREE(CATALOG_TCMALLOC, "tc_delete"),
	FREE(CATALOG_TCMALLOC, "tc_delete_sized"),
	FREE(CATALOG_TCMALLOC, "tc_delete_nothrow"),
	FREE(CATALOG_TCMALLOC, "tc_delete_aligned"),
	FREE(CATALOG_TCMALLOC, "tc_delete_sized_aligned"),
	FREE(CATALOG_TCMALLOC, "tc_delete_aligned_nothrow"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray_sized"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray_nothrow"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray_aligned"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray_sized_aligned"),
	FREE(CATALOG_TCMALLOC, "tc_deletearray_aligned_nothrow"),

	/* mimalloc.h; mi_malloc and the like come by their prefix */
	ALLOC(CATALOG_MIMALLOC, "mi_malloc_small", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_zalloc", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_zalloc_small", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_mallocn", 1, 0),
	ALLOC(CATALOG_MIMALLOC, "mi_malloc_aligned", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_malloc_aligned_at", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_zalloc_aligned", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_zalloc_aligned_at", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_calloc_aligned", 1, 0),
	ALLOC(CATALOG_MIMALLOC, "mi_calloc_aligned_at", 1, 0),
	REALLOC(CATALOG_MIMALLOC, "mi_expand", 0, 1, _), /* in place, or NULL */
	REALLOC(CATALOG_MIMALLOC, "mi_reallocn", 0, 2, 1),
	REALLOC(CATALOG_MIMALLOC, "mi_rezalloc", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_recalloc", 0, 2, 1),
	REALLOC(CATALOG_MIMALLOC, "mi_realloc_aligned", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_realloc_aligned_at", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_rezalloc_aligned", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_rezalloc_aligned_at", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_recalloc_aligned", 0, 2, 1),
	REALLOC(CATALOG_MIMALLOC, "mi_recalloc_aligned_at", 0, 2, 1),
	FREE(CATALOG_MIMALLOC, "mi_free_size"),
	FREE(CATALOG_MIMALLOC, "mi_free_aligned"),
	FREE(CATALOG_MIMALLOC, "mi_free_size_aligned"),
	ALLOC(CATALOG_MIMALLOC, "mi_new", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_new_nothrow", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_new_aligned", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_new_aligned_nothrow", 0, _),
	ALLOC(CATALOG_MIMALLOC, "mi_new_n", 1, 0),
	REALLOC(CATALOG_MIMALLOC, "mi_new_realloc", 0, 1, _),
	REALLOC(CATALOG_MIMALLOC, "mi_new_reallocn", 0, 2, 1),
	/* the same in a heap of the program's own, which is the first argument */
	ALLOC(CATALOG_MIMALLOC, "mi_heap_malloc", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_malloc_small", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_zalloc", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_calloc", 2, 1),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_mallocn", 2, 1),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_malloc_aligned", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_malloc_aligned_at", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_zalloc_aligned", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_zalloc_aligned_at", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_calloc_aligned", 2, 1),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_calloc_aligned_at", 2, 1),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_realloc", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_reallocn", 1, 3, 2),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_rezalloc", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_recalloc", 1, 3, 2),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_realloc_aligned", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_realloc_aligned_at", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_rezalloc_aligned", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_rezalloc_aligned_at", 1, 2, _),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_recalloc_aligned", 1, 3, 2),
	REALLOC(CATALOG_MIMALLOC, "mi_heap_recalloc_aligned_at", 1, 3, 2),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_alloc_new", 1, _),
	ALLOC(CATALOG_MIMALLOC, "mi_heap_alloc_new_n", 2, 1),
};

/* clang-format on */

const size_t catalog_rows = sizeof(catalog) / sizeof(catalog[0]);

/* je_: jemalloc configured so (Redis); _rjem_: Rust's jemallocator; dl: dlmalloc with USE_DL_PREFIX. */
const char *const catalog_prefixes[] = {"", "je_", "_rjem_", "tc_", "mi_", "dl"};
const size_t catalog_n_prefixes = sizeof(catalog_prefixes) / sizeof(catalog_prefixes[0]);

const struct mapping_row mapping_rows[] = {
    {"mmap", "mmap", MAPPING_MAP},       {"mmap64", "mmap", MAPPING_MAP}, {"munmap", "munmap", MAPPING_UNMAP},
    {"mremap", "mremap", MAPPING_REMAP}, {"brk", "brk", MAPPING_BREAK},   {"sbrk", "brk", MAPPING_BREAK},
};
const size_t n_mapping_rows = sizeof(mapping_rows) / sizeof(mapping_rows[0]);

static bool has_prefixes(const struct catalog_row *row)
{
	return row->family == CATALOG_C || row->family == CATALOG_EXTENDED;
}

const struct catalog_row *catalog_find(const char *name)
{
	for (size_t i = 0; i < catalog_rows; i++)
		for (size_t p = 0; p < (has_prefixes(&catalog[i]) ? catalog_n_prefixes : 1); p++) {
			size_t length = strlen(catalog_prefixes[p]);

			if (!strncmp(name, catalog_prefixes[p], length) && !strcmp(name + length, catalog[i].name))
				return &catalog[i];
		}
	return NULL;
}

static uint32_t argument_bit(int8_t argument)
{
	return argument == NO_ARGUMENT ? 0 : 1u << argument;
}

uint32_t catalog_needed_arguments(const struct catalog_row *row)
{
	return argument_bit(row->size_argument) | argument_bit(row->count_argument) | argument_bit(row->old_argument) |
	       argument_bit(row->out_argument);
}

bool catalog_wants_return(const struct catalog_row *row)
{
	return row->op != MT_FREE;
}

bool catalog_may_throw(const struct catalog_row *row)
{
	if (!catalog_wants_return(row))
		return false;
	return row->family == CATALOG_CXX || !strncmp(row->name, "tc_new", 6) || !strncmp(row->name, "mi_new", 6);
}

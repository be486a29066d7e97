// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/kernel_wrappers.h"

#include <stddef.h>
#include <string.h>

/* By how names begin: what runs programs on tracepoints; allocators, whose variants are many. */
static const char *const beginnings[] = {
    "bpf_prog_",       "bpf_trace_run",      "__traceiter_",    "__bpf_trace_",  "__alloc_pages",  "alloc_pages",
    "__alloc_frozen",  "alloc_frozen",       "__folio_alloc",   "folio_alloc",   "get_free_pages", "__get_free_pages",
    "get_zeroed_page", "___kmalloc_large",   "__kmalloc_large", "kmalloc_large", "kmalloc_order",  "__kmalloc",
    "kmalloc_trace",   "kmem_cache_alloc",   "__kvmalloc",      "kvmalloc",      "__alloc_percpu", "pcpu_alloc",
    "alloc_vmap_area", "__get_vm_area_node", "__vmalloc",       "vmalloc_",      "vzalloc",        "vcalloc",
};

/* Whole names. */
static const char *const names[] = {"vmalloc",          "prep_new_page",      "get_page_from_freelist",
                                    "alloc_pages_mpol", "get_vm_area_caller", "get_vm_area"};

bool kernel_wrapper(const char *function)
{
	if (!function)
		return false;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (!strncmp(function, beginnings[i], strlen(beginnings[i])))
			return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(function, names[i]))
			return true;
	}
	return false;
}

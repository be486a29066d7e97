// SPDX-License-Identifier: GPL-2.0-or-later
/* The floor of kernel memory: what an event costs whose program does nothing. One program for each of memtrace's. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define EMPTY(event) \
	SEC("tp_btf/" #event) \
	int empty_##event(__u64 *ctx) \
	{ \
		return 0; \
	}

EMPTY(kmalloc)
EMPTY(kmalloc_node)
EMPTY(kfree)
EMPTY(kmem_cache_alloc)
EMPTY(kmem_cache_alloc_node)
EMPTY(kmem_cache_free)
EMPTY(mm_page_alloc)
EMPTY(mm_page_free)
EMPTY(mm_page_free_batched)
EMPTY(percpu_alloc_percpu)
EMPTY(percpu_free_percpu)
EMPTY(alloc_vmap_area)
EMPTY(free_vmap_area_noflush)

char LICENSE[] SEC("license") = "GPL";

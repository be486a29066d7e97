// SPDX-License-Identifier: GPL-2.0-or-later
/* The floor of kernel memory: what an event costs whose programs, on all of memtrace's events, do nothing. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define EMPTY_ONE(name, event) \
	SEC("tp_btf/" #event) \
	int name(__u64 *ctx) \
	{ \
		return 0; \
	}

/* memtrace has three of each, for what interrupts do while one of them runs: bpf/kernel/context.bpf.h. */
#define EMPTY(event) \
	EMPTY_ONE(empty_##event, event) \
	EMPTY_ONE(second_##event, event) \
	EMPTY_ONE(third_##event, event)

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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Areas of the kernel's address space: vmalloc, and whatever else maps there (vmap, ioremap, modules). Of events since
 * Linux 6.2 (cf243da6ab39), include/trace/events/vmap.h:
 *	alloc_vmap_area          address, size, align, range, failed
 *	free_vmap_area_noflush   address, pages waiting, …
 * The size has a guard page, as /proc/vmallocinfo's.
 */
#include "kernel/kernel.bpf.h"
#include "kernel/stack.bpf.h"

static __always_inline int vmap_alloc_once(__u64 *ctx, __u32 which)
{
	__u64 address = ctx[0], size_bytes = ctx[1];
	struct allocation allocation = {
	    .address = MK_ADDRESS(address),
	    .place = address,
	    .requested_bytes = size_bytes,
	    .class = {.kind = KIND_VMALLOC},
	    .node = -1,
	};

	if (!kernel_traced || (__s32)ctx[5])
		return 0;
	if (!my_turn(EVENT_VMAP_ALLOC, which, address, &allocation.context) || !filter_passes(&allocation))
		return 0;
	take_stack(ctx, &allocation);
	block_allocated(&allocation);
	return 0;
}

static __always_inline int vmap_free_once(__u64 *ctx, __u32 which)
{
	__u64 address = ctx[0];
	struct freed freed = {.kind = KIND_VMALLOC, .address = MK_ADDRESS(address)};
	__u16 context;

	if (kernel_traced && my_turn(EVENT_VMAP_FREE, which, address, &context))
		block_freed_at(&freed);
	return 0;
}

THRICE("tp_btf/alloc_vmap_area", vmap_alloc)
THRICE("tp_btf/free_vmap_area_noflush", vmap_free)

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages. Movable ones are user memory and page cache, which the kernel counts itself; they are left out before
 * any stack is taken. Those that the slab allocator takes are told apart by their stack (src/analyze).
 *	mm_page_alloc         page, order, gfp, migrate type
 *	mm_page_free          page, order
 *	mm_page_free_batched  page; of such as mm_page_free may have been told of before
 */
#include "kernel/kernel.bpf.h"
#include "kernel/stack.bpf.h"

#define PAGE_BYTES 4096
#define MIGRATE_MOVABLE 1 /* enum migratetype */

/* An argument of the event as a number: the verifier knows it as a pointer, which it lets nobody reckon with. */
static __always_inline __u64 page_argument(__u64 *ctx)
{
	__u64 page = 0;

	bpf_probe_read_kernel(&page, sizeof(page), ctx);
	return page;
}

static __always_inline int page_alloc_once(__u64 *ctx, __u32 which)
{
	__u64 page = page_argument(ctx);
	__u32 order = ctx[1], gfp = ctx[2], migratetype = ctx[3];
	struct allocation allocation = {
	    .place = page,
	    .address = MK_ADDRESS(page),
	    .requested_bytes = (__u64)PAGE_BYTES << (order & 31),
	    .detail = (__u64)gfp << 32 | order << 8 | migratetype,
	    .class = {.kind = KIND_PAGE, .gfp = gfp, .order = order, .migratetype = migratetype},
	    .node = -1,
	};

	if (!kernel_traced || !page || migratetype == MIGRATE_MOVABLE)
		return 0;
	if (filter.order >= 0 && order != (__u32)filter.order)
		return 0;
	if (!my_turn(EVENT_PAGE_ALLOC, which, page, &allocation.context) || !filter_passes(&allocation))
		return 0;
	if (filter.node >= 0 && node_of_page(page) != filter.node)
		return 0;
	take_stack(ctx, &allocation);
	block_allocated(&allocation);
	return 0;
}

static __always_inline int page_free_once(__u64 *ctx, __u32 which)
{
	__u64 page = page_argument(ctx);
	struct freed freed = {.kind = KIND_PAGE, .address = MK_ADDRESS(page)};
	__u16 context;

	if (kernel_traced && my_turn(EVENT_PAGE_FREE, which, page, &context))
		block_freed_at(&freed);
	return 0;
}

static __always_inline int page_free_batched_once(__u64 *ctx, __u32 which)
{
	__u64 page = page_argument(ctx);
	struct freed freed = {.kind = KIND_PAGE, .address = MK_ADDRESS(page)};
	__u16 context;

	if (kernel_traced && my_turn(EVENT_PAGE_FREE_BATCHED, which, page, &context))
		block_freed_at(&freed);
	return 0;
}

THRICE("tp_btf/mm_page_alloc", page_alloc)
THRICE("tp_btf/mm_page_free", page_free)
THRICE("tp_btf/mm_page_free_batched", page_free_batched)

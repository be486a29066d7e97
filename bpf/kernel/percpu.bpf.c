// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU memory, include/trace/events/percpu.h:
 *	percpu_alloc_percpu  since 6.0 (b67d5a3f2fc2) call_site; reserved, is_atomic, size, align, base, offset,
 *	                     pointer; since 6.0 bytes allocated, gfp
 *	percpu_free_percpu   base, offset, pointer
 */
#include "kernel/kernel.bpf.h"
#include "kernel/stack.bpf.h"

const volatile __u32 n_possible_cpus = 1;

static __always_inline int percpu_allocated(__u64 *ctx, __u32 which, __u64 pointer, __u64 call_site, __u64 size_bytes,
                                            __u64 allocated_bytes, __u32 gfp)
{
	__u64 requested_bytes = size_bytes * n_possible_cpus;
	struct allocation allocation = {
	    .call_site = call_site,
	    .address = MK_ADDRESS(pointer),
	    .place = pointer,
	    .requested_bytes = requested_bytes,
	    .slack_bytes = allocated_bytes > requested_bytes ? allocated_bytes - requested_bytes : 0,
	    .detail = gfp,
	    .class = {.kind = KIND_PERCPU, .gfp = gfp},
	    .node = -1,
	};

	if (!kernel_traced || !pointer)
		return 0;
	if (!my_turn(EVENT_PERCPU_ALLOC, which, pointer, &allocation.context) || !filter_passes(&allocation))
		return 0;
	take_stack(ctx, &allocation);
	block_allocated(&allocation);
	return 0;
}

static __always_inline int percpu_alloc_once(__u64 *ctx, __u32 which)
{
	if (shapes.percpu_call_site)
		return percpu_allocated(ctx, which, ctx[7], ctx[0], ctx[3], ctx[8], ctx[9]);
	return percpu_allocated(ctx, which, ctx[6], 0, ctx[2], 0, 0);
}

static __always_inline int percpu_free_once(__u64 *ctx, __u32 which)
{
	__u64 pointer = ctx[2];
	struct freed freed = {.kind = KIND_PERCPU, .address = MK_ADDRESS(pointer)};
	__u16 context;

	if (kernel_traced && my_turn(EVENT_PERCPU_FREE, which, pointer, &context))
		block_freed_at(&freed);
	return 0;
}

THRICE("tp_btf/percpu_alloc_percpu", percpu_alloc)
THRICE("tp_btf/percpu_free_percpu", percpu_free)

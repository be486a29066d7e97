// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frees that no event tells of, seen where the kernel lets programs hang on its functions:
 *	kmem_cache_free_bulk  of arrays of objects; kfree_rcu's batches come here, with no cache
 *	__kfree_rcu_sheaf     since 6.18: kfree_rcu hands an object to a sheaf of its cache
 */
#include "kernel/kernel.bpf.h"

#define MAX_BULK 65536

struct bulk {
	__u64 objects; /* address of the array */
	__u64 cache;
};

static long free_one(__u32 i, struct bulk *bulk)
{
	struct freed freed = {.kind = KIND_SLAB, .cache = bulk->cache};

	if (bpf_probe_read_kernel(&freed.object, sizeof(freed.object), (void *)(bulk->objects + 8 * (__u64)i)))
		return 1;
	freed.address = MK_ADDRESS(freed.object);
	if (freed.object)
		block_freed_at(&freed);
	return 0;
}

SEC("fentry/kmem_cache_free_bulk")
int freed_in_bulk(__u64 *ctx)
{
	struct bulk bulk = {};
	__u64 arguments[3], n;

	if (!kernel_traced || bpf_probe_read_kernel(arguments, sizeof(arguments), ctx))
		return 0;
	bulk.cache = arguments[0];
	bulk.objects = arguments[2];
	n = arguments[1];
	bpf_loop(n < MAX_BULK ? n : MAX_BULK, free_one, &bulk, 0);
	return 0;
}

SEC("fexit/__kfree_rcu_sheaf")
int freed_to_sheaf(__u64 *ctx)
{
	struct freed freed = {.kind = KIND_SLAB};
	__u64 arguments[3]; /* cache, object; the result: false where it must be freed otherwise */

	if (!kernel_traced || bpf_probe_read_kernel(arguments, sizeof(arguments), ctx) || !(arguments[2] & 1))
		return 0;
	freed.cache = arguments[0];
	freed.object = arguments[1];
	freed.address = MK_ADDRESS(freed.object);
	block_freed_at(&freed);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of the slab allocator. Their arguments by kernel (include/trace/events/kmem.h):
 *	kmalloc          call_site, object, requested, allocated, gfp; node since 6.1 (11e9734bcb6a)
 *	kmalloc_node     the same with node; until 6.0
 *	kmem_cache_alloc as kmalloc; since 6.1 call_site, object, cache, gfp, node (2c1d697fb8ba)
 *	kmem_cache_alloc_node  as kmalloc_node; until 6.0
 *	kfree            call_site, object
 *	kmem_cache_free  call_site, object; then the cache's name (5.12), the cache (6.1)
 */
#include "kernel/word.bpf.h"
#include "kernel/kernel.bpf.h"
#include "kernel/walks.bpf.h"

const volatile struct mk_shapes shapes = {};
const volatile bool preemptible = false;
/* Beyond it kmalloc, and nobody else, hands out pages, which have events of their own. */
#define LARGEST_SLAB_OBJECT 8192 /* KMALLOC_MAX_CACHE_SIZE, with pages of 4 KiB */

/* Before 6.16 (1271a40eeafa) the verifier lets nobody read an argument that is a const void *. */
static __always_inline __u64 object_argument(__u64 *ctx)
{
	__u64 object = 0;

	if (shapes.const_void)
		/* As it stands: the compiler would reckon an address for both ways, and nothing may be read by such. */
		asm volatile("%0 = *(u64 *)(%1 + 8)" : "=r"(object) : "r"(ctx));
	else
		bpf_probe_read_kernel(&object, sizeof(object), ctx + 1);
	return object;
}

/* `cache`: 0 where the event does not say it. */
static __always_inline void slab_allocated(void *ctx, struct allocation *allocation, __u64 cache)
{
	struct mk_class *class;

	allocation->class.kind = KIND_SLAB;
	allocation->class.cache = cache;
	if ((filter.processes || filter.cgroup) && !filter_passes(allocation))
		return;
	if (filter.node >= 0 && node_of_page(page_of(allocation->place)) != filter.node)
		return;
	if (filter.n_caches) {
		allocation->class_number = allocation_class(allocation);
		class = bpf_map_lookup_elem(&classes, &allocation->class_number);
		if (!class || !class->wanted)
			return;
	}
	take_stack(ctx, allocation);
	block_allocated(allocation);
}

static __always_inline int kmalloc_event(__u64 *ctx, enum event event, __u32 which, bool has_node)
{
	__u64 object = object_argument(ctx), requested = ctx[2], allocated = ctx[3];
	__u32 gfp = ctx[4];
	__u16 context;

	if (!kernel_traced || !object ||
	    ((event == EVENT_KMALLOC || event == EVENT_KMALLOC_NODE) && allocated > LARGEST_SLAB_OBJECT) ||
	    !my_turn(event, which, object, &context))
		return 0;
	struct allocation allocation = {
	    .call_site = ctx[0],
	    .place = object,
	    .address = MK_ADDRESS(object),
	    .requested_bytes = requested,
	    .slack_bytes = allocated - requested,
	    .detail = allocated << 32 | gfp,
	    .gfp = gfp,
	    .node = has_node ? (__s16)ctx[5] : -1,
	    .context = context,
	};

	slab_allocated(ctx, &allocation, 0);
	return 0;
}

static __always_inline int kmalloc_once(__u64 *ctx, __u32 which)
{
	if (shapes.kmalloc_node)
		return kmalloc_event(ctx, EVENT_KMALLOC, which, true);
	return kmalloc_event(ctx, EVENT_KMALLOC, which, false);
}

static __always_inline int kmalloc_node_once(__u64 *ctx, __u32 which)
{
	return kmalloc_event(ctx, EVENT_KMALLOC_NODE, which, true);
}

static __always_inline int cache_alloc_event(__u64 *ctx, __u32 which)
{
	struct kmem_cache *cache = (struct kmem_cache *)ctx[2];
	__u64 object = object_argument(ctx);
	__u16 context;

	if (!kernel_traced || !object || !my_turn(EVENT_CACHE_ALLOC, which, object, &context))
		return 0;
	struct allocation allocation = {
	    .call_site = ctx[0],
	    .place = object,
	    .address = MK_ADDRESS(object),
	    .requested_bytes = cache->object_size,
	    .slack_bytes = cache->size - cache->object_size,
	    .detail = (__u64)cache,
	    .node = (__s16)ctx[4],
	    .context = context,
	};

	slab_allocated(ctx, &allocation, (__u64)cache);
	return 0;
}

static __always_inline int cache_alloc_once(__u64 *ctx, __u32 which)
{
	if (shapes.cache_alloc_cache)
		return cache_alloc_event(ctx, which);
	return kmalloc_event(ctx, EVENT_CACHE_ALLOC, which, false);
}

static __always_inline int cache_alloc_node_once(__u64 *ctx, __u32 which)
{
	return kmalloc_event(ctx, EVENT_CACHE_ALLOC_NODE, which, true);
}

static __always_inline int slab_freed(enum event event, __u32 which, __u64 object, __u64 cache)
{
	__u16 context;

	if (!kernel_traced || !object || !my_turn(event, which, object, &context))
		return 0;
	struct freed freed = {.kind = KIND_SLAB, .address = MK_ADDRESS(object), .object = object, .cache = cache};

	block_freed_at(&freed);
	return 0;
}

static __always_inline int kfree_once(__u64 *ctx, __u32 which)
{
	return slab_freed(EVENT_KFREE, which, object_argument(ctx), 0);
}

static __always_inline int cache_free_once(__u64 *ctx, __u32 which)
{
	return slab_freed(EVENT_CACHE_FREE, which, object_argument(ctx), shapes.cache_free_cache ? ctx[2] : 0);
}

THRICE("tp_btf/kmalloc", kmalloc)
THRICE("tp_btf/kmalloc_node", kmalloc_node)
THRICE("tp_btf/kfree", kfree)
THRICE("tp_btf/kmem_cache_alloc", cache_alloc)
THRICE("tp_btf/kmem_cache_alloc_node", cache_alloc_node)
THRICE("tp_btf/kmem_cache_free", cache_free)

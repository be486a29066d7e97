// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many objects of each slab cache are in use: all that its slabs have room for, less what is free in partial
 * slabs, and less what CPUs and nodes keep at hand. Counters and lists are read without locks (they are the
 * allocator's, and it must not wait), so a list that changes meanwhile is read as far as it leads.
 */
#include "kernel/kernel.bpf.h"

const volatile __u32 n_nodes_possible = 1;

#define MAX_PARTIAL (1 << 20)
#define MAX_FREE 32768 /* objects of a slab: 15 bits of its counters */
#define MAX_CPUS 8192
#define MAX_FULL_SHEAVES 10 /* that a node keeps, mm/slub.c */

/* A slab's counters: objects in use, objects, and whether it is a CPU's. */
#define IN_USE(counters) ((counters)&0xffff)
#define OBJECTS(counters) ((counters) >> 16 & 0x7fff)

struct counting {
	struct kmem_cache *cache;
	struct mk_slab_count *count;
	__u64 next, head; /* of a list of slabs; objects of a free list */
	__u64 offset, secret;
	void *cpu_slabs, *cpu_sheaves;
};

static __always_inline __u64 free_of(__u64 slab)
{
	__u64 counters = BPF_CORE_READ((struct slab *)slab, counters);

	return OBJECTS(counters) - IN_USE(counters);
}

static long count_partial(__u32 i, struct counting *counting)
{
	__u64 slab;

	if (!counting->next || counting->next == counting->head)
		return 1;
	slab = counting->next - bpf_core_field_offset(struct slab, slab_list);
	counting->count->idle += free_of(slab);
	counting->next = (__u64)BPF_CORE_READ((struct slab *)slab, slab_list.next);
	return 0;
}

static long count_cpu_partial(__u32 i, struct counting *counting)
{
	__u64 slab = counting->next;

	if (!slab)
		return 1;
	counting->count->idle += free_of(slab);
	counting->next = (__u64)BPF_CORE_READ((struct slab *)slab, next);
	return 0;
}

/* The link to the next free object is in the object, perhaps made unreadable: freelist_ptr_decode() of mm/slub.c. */
static long count_free(__u32 i, struct counting *counting)
{
	__u64 at = counting->next + counting->offset, link;

	if (!counting->next || bpf_probe_read_kernel(&link, sizeof(link), (void *)at))
		return 1;
	counting->count->idle++;
	counting->next = counting->secret ? link ^ counting->secret ^ __builtin_bswap64(at) : link;
	return 0;
}

static __always_inline __u64 sheaf_objects(struct slab_sheaf *sheaf)
{
	return sheaf ? BPF_CORE_READ(sheaf, size) : 0;
}

static long count_cpu(__u32 number, struct counting *counting)
{
	struct mk_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	__u64 offset = cpu ? cpu->offset : 0;

	if (!offset)
		return 0;
	if (counting->cpu_slabs) {
		struct kmem_cache_cpu *kept = counting->cpu_slabs + offset;
		__u64 slab = (__u64)BPF_CORE_READ(kept, slab);

		if (slab) {
			counting->count->idle += free_of(slab);
			counting->next = (__u64)BPF_CORE_READ(kept, freelist);
			bpf_loop(MAX_FREE, count_free, counting, 0);
		}
		if (bpf_core_field_exists(kept->partial)) {
			counting->next = (__u64)BPF_CORE_READ(kept, partial);
			bpf_loop(MAX_PARTIAL, count_cpu_partial, counting, 0);
		}
	}
	if (counting->cpu_sheaves) {
		struct slub_percpu_sheaves *sheaves = counting->cpu_sheaves + offset;

		counting->count->idle += sheaf_objects(BPF_CORE_READ(sheaves, main)) +
		                         sheaf_objects(BPF_CORE_READ(sheaves, spare)) +
		                         sheaf_objects(BPF_CORE_READ(sheaves, rcu_free));
	}
	return 0;
}

/* The node's part of the cache, and its barn of sheaves; before and since Linux 7.0. */
static __always_inline struct kmem_cache_node *node_part(struct kmem_cache *cache, __u32 node, struct node_barn **barn)
{
	struct kmem_cache_node *part = NULL;

	*barn = NULL;
	if (bpf_core_field_exists(cache->per_node)) {
		struct kmem_cache_per_node_ptrs *all = (void *)cache + bpf_core_field_offset(cache->per_node), *own;

		own = (void *)all + node * bpf_core_type_size(struct kmem_cache_per_node_ptrs);
		*barn = BPF_CORE_READ(own, barn);
		return BPF_CORE_READ(own, node);
	}
	bpf_probe_read_kernel(&part, sizeof(part),
	                      (void *)cache + bpf_core_field_offset(cache->node) + node * sizeof(part));
	if (part && bpf_core_field_exists(part->barn))
		*barn = BPF_CORE_READ(part, barn);
	return part;
}

static long count_node(__u32 node, struct counting *counting)
{
	struct kmem_cache *cache = counting->cache;
	struct node_barn *barn;
	struct kmem_cache_node *part = node_part(cache, node, &barn);

	if (barn)
		counting->count->idle += (__u64)BPF_CORE_READ(barn, nr_full) * BPF_CORE_READ(cache, sheaf_capacity);
	if (!part)
		return 0;
	counting->count->objects += BPF_CORE_READ(part, total_objects.counter);
	counting->count->slabs += BPF_CORE_READ(part, nr_slabs.counter);
	counting->head = (__u64)part + bpf_core_field_offset(part->partial);
	counting->next = (__u64)BPF_CORE_READ(part, partial.next);
	bpf_loop(MAX_PARTIAL, count_partial, counting, 0);
	return 0;
}

SEC("iter/kmem_cache")
int slab_counts(struct bpf_iter__kmem_cache *ctx)
{
	struct kmem_cache *cache = ctx->s;
	struct mk_slab_count count = {};
	struct counting counting = {.cache = cache, .count = &count};

	if (!cache)
		return 0;
	count.cache = (__u64)cache;
	count.object_bytes = BPF_CORE_READ(cache, object_size);
	count.size_bytes = BPF_CORE_READ(cache, size);
	bpf_probe_read_kernel_str(count.name, sizeof(count.name), BPF_CORE_READ(cache, name));
	counting.offset = BPF_CORE_READ(cache, offset);
	if (bpf_core_field_exists(cache->random))
		counting.secret = BPF_CORE_READ(cache, random);
	if (bpf_core_field_exists(cache->cpu_slab))
		counting.cpu_slabs = BPF_CORE_READ(cache, cpu_slab);
	if (bpf_core_field_exists(cache->cpu_sheaves))
		counting.cpu_sheaves = BPF_CORE_READ(cache, cpu_sheaves);
	bpf_loop(n_nodes_possible, count_node, &counting, 0);
	bpf_loop(n_possible_cpus, count_cpu, &counting, 0);
	count.live = count.objects > count.idle ? count.objects - count.idle : 0;
	bpf_seq_write(ctx->meta->seq, &count, sizeof(count));
	return 0;
}

/*
 * struct page of an address is pages_constant + address / 4096 * bytes: a partial slab of one page tells the constant,
 * since a free object's address and its slab are known.
 */
__u64 pages_disagree;

static long calibrate_node(__u32 node, struct counting *counting)
{
	struct node_barn *barn;
	struct kmem_cache_node *part = node_part(counting->cache, node, &barn);
	__u64 first, slab, object, constant;

	if (!part)
		return 0;
	first = (__u64)BPF_CORE_READ(part, partial.next);
	if (!first || first == (__u64)part + bpf_core_field_offset(part->partial))
		return 0;
	slab = first - bpf_core_field_offset(struct slab, slab_list);
	object = (__u64)BPF_CORE_READ((struct slab *)slab, freelist);
	if (!object || BPF_CORE_READ((struct slab *)slab, slab_cache) != counting->cache)
		return 0;
	constant = slab - (object >> 12) * bpf_core_type_size(struct page);
	if (!pages_constant)
		pages_constant = constant;
	if (pages_constant != constant)
		pages_disagree++;
	return 0;
}

SEC("iter/kmem_cache")
int calibrate_pages(struct bpf_iter__kmem_cache *ctx)
{
	struct kmem_cache *cache = ctx->s;
	struct counting counting = {.cache = cache};

	if (cache && !(BPF_CORE_READ(cache, oo.x) >> 16))
		bpf_loop(n_nodes_possible, calibrate_node, &counting, 0);
	return 0;
}

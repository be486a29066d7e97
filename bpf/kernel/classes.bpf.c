// SPDX-License-Identifier: GPL-2.0-or-later
/* Classes of kernel memory, numbered as they are met; and what a struct page tells of an object. */
#include "kernel/kernel.bpf.h"

const volatile struct mk_filter filter = {.order = -1, .node = -1};
const volatile struct mk_pages pages_known = {};

__u32 n_classes = 1; /* number 0 stands for those that there is no room for */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * MK_MAX_CLASSES);
	__type(key, struct mk_class_key);
	__type(value, __u32);
} class_numbers SEC(".maps");

extern struct kmem_cache *bpf_get_kmem_cache(__u64 address) __ksym __weak; /* 6.13 */

/* Is it one of the names that --cache stands for? */
static __always_inline bool name_wanted(const char *name)
{
	for (__u32 i = 0; i < MK_WANTED_CACHES && i < filter.n_caches; i++) {
		bool same = true;

		for (int j = 0; j < MK_NAME_BYTES && same; j++) {
			char wanted = filter.cache[i][j];

			same = name[j] == wanted;
			if (same && !wanted)
				return true;
		}
	}
	return false;
}

static __always_inline void describe(struct mk_class *class)
{
	struct kmem_cache *cache = (struct kmem_cache *)class->key.cache;

	class->wanted = !filter.n_caches;
	if (class->key.kind != KIND_SLAB || class->key.gfp)
		return;
	bpf_probe_read_kernel_str(class->name, sizeof(class->name), BPF_CORE_READ(cache, name));
	class->wanted = !filter.n_caches || name_wanted(class->name);
}

__noinline __u32 class_add(struct mk_class_key *key)
{
	__u32 number = *(volatile __u32 *)&n_classes, *found;
	struct mk_class_key copy;
	struct mk_class *class;

	if (!key)
		return 0;
	if (number < MK_MAX_CLASSES)
		number = __sync_fetch_and_add(&n_classes, 1);
	class = bpf_map_lookup_elem(&classes, &number);
	if (!class) {
		COUNT(lost[LOSS_CLASSES]);
		return 0;
	}
	copy = *key;
	class->key = copy;
	describe(class);
	if (!bpf_map_update_elem(&class_numbers, &copy, &number, BPF_NOEXIST))
		return number;
	/* Another program was faster, or one that this one interrupted holds the map: then it is of no class. */
	found = bpf_map_lookup_elem(&class_numbers, &copy);
	if (found)
		return *found;
	COUNT(lost[LOSS_CLASSES]);
	return 0;
}

__noinline __u32 class_number(struct mk_class_key *key)
{
	struct mk_class_key copy;
	__u32 *number;

	if (!key)
		return 0;
	copy = *key;
	number = bpf_map_lookup_elem(&class_numbers, &copy);
	return number ? *number : class_add(key);
}

__u64 pages_constant;
/* Addresses of the kernel's variables of these names; 0: not known. */
const volatile __u64 vmemmap_base_at = 0, page_offset_base_at = 0;

__noinline __u64 page_of(__u64 address)
{
	__u64 base, offset;

	if (pages_constant)
		return pages_constant + (address >> 12) * pages_known.page_bytes;
	if (!vmemmap_base_at || bpf_probe_read_kernel(&base, sizeof(base), (void *)vmemmap_base_at) ||
	    bpf_probe_read_kernel(&offset, sizeof(offset), (void *)page_offset_base_at))
		return 0;
	return (pages_constant = base - (offset >> 12) * pages_known.page_bytes) +
	       (address >> 12) * pages_known.page_bytes;
}

static __always_inline __u64 page_flags(__u64 page)
{
	if (bpf_core_type_exists(memdesc_flags_t))
		return BPF_CORE_READ((struct page___memdesc *)page, flags.f);
	return BPF_CORE_READ((struct page *)page, flags);
}

__noinline int node_of_page(__u64 page)
{
	return page && pages_known.node_shift ? (int)(page_flags(page) >> pages_known.node_shift) : -1;
}

/* The bits below the node's: ZONES_WIDTH of them, include/linux/page-flags-layout.h. */
__noinline int zone_of_page(__u64 page)
{
	int zones = bpf_core_enum_value(enum zone_type, __MAX_NR_ZONES), width = zones > 4 ? 3 : zones > 2 ? 2 : 1;

	if (!page || !pages_known.node_shift || pages_known.node_shift < 4)
		return -1;
	return page_flags(page) >> (pages_known.node_shift - width) & ((1 << width) - 1);
}

static __always_inline __u64 cache_by_page(__u64 address)
{
	__u64 page = page_of(address), head;

	if (!page)
		return 0;
	head = BPF_CORE_READ((struct page *)page, compound_head);
	if (head & 1)
		page = head - 1;
	if (bpf_core_type_exists(struct slab))
		return (__u64)BPF_CORE_READ((struct slab *)page, slab_cache);
	return (__u64)BPF_CORE_READ((struct page *)page, slab_cache);
}

__noinline int find_cache(__u64 address, struct mk_class_key *key)
{
	if (!key)
		return 0;
	if (bpf_ksym_exists(bpf_get_kmem_cache))
		key->cache = (__u64)bpf_get_kmem_cache(address);
	else
		key->cache = cache_by_page(address);
	return 0;
}

/* Flags that, with the size, decide between kmalloc's caches: __GFP_DMA, __GFP_RECLAIMABLE, __GFP_ACCOUNT. */
#define CACHE_FLAGS 0x400011

__noinline __u32 allocation_class(struct allocation *allocation)
{
	if (!allocation)
		return 0;
	if (allocation->class.kind == KIND_SLAB && !allocation->class.cache) {
		find_cache(allocation->place, &allocation->class);
		if (!allocation->class.cache) {
			allocation->class.cache = allocation->requested_bytes + allocation->slack_bytes;
			allocation->class.gfp = MK_CACHE_BY_SIZE | (allocation->gfp & CACHE_FLAGS);
		}
	}
	return class_number(&allocation->class);
}

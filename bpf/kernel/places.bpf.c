// SPDX-License-Identifier: GPL-2.0-or-later
/* Where addresses lie: asked from user space, many at a time (BPF_PROG_RUN; Linux 5.14). */
#include "kernel/kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MK_PLACES);
	__type(key, __u32);
	__type(value, struct mk_place);
} places SEC(".maps");

__u32 n_places;

static long find_place(__u32 i, void *unused)
{
	struct mk_place *place = bpf_map_lookup_elem(&places, &i);
	__u64 page;

	if (!place)
		return 1;
	page = place->is_page ? place->address : page_of(place->address);
	place->node = node_of_page(page);
	place->zone = zone_of_page(page);
	return 0;
}

SEC("syscall")
int find_places(void *ctx)
{
	bpf_loop(n_places < MK_PLACES ? n_places : MK_PLACES, find_place, NULL, 0);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs on kernel memory share. */
#ifndef MEMTRACE_KERNEL_BPF_H
#define MEMTRACE_KERNEL_BPF_H

#include "tables.bpf.h"
#include "kernel/context.bpf.h"
#include "memtrace_kernel.h"

extern const volatile struct mk_shapes shapes;
extern const volatile struct mk_filter filter;
extern const volatile struct mk_pages pages_known;

extern const volatile __u32 n_possible_cpus;

/* struct page of an address is this + address / 4096 * pages_known.page_bytes; 0: not known. */
extern __u64 pages_constant;

/* Counting has begun. */
extern __u32 kernel_traced;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MK_MAX_CLASSES);
	__type(key, __u32);
	__type(value, struct mk_class);
} classes SEC(".maps") __weak;

/* An allocation, as its event tells of it. */
struct allocation {
	__u64 address; /* as MK_ADDRESS() has it */
	__u64 at; /* the program's context, on the stack of what allocates: a pointer until another function has it */
	__u64 place; /* the whole address: of the object, of pages their struct page's, or the per-CPU pointer */
	__u64 requested_bytes, slack_bytes;
	__u64 call_site; /* return address to who allocated; 0: the event does not say */
	__u64 detail;    /* with kind and call_site it says which class, for walks remembered */
	struct mk_class_key class;
	__u16 context; /* enum context */
	__s16 node;    /* asked for; -1: none */
	__u32 gfp;     /* of slab objects */
	__u32 class_number, row;
	__u32 walk_version; /* when the stack was begun to be looked for */
	__u32 remembered;   /* row + 1 of a walk remembered that is to be made again, to be compared; else 0 */
};

/* A free, as its event tells of it. */
struct freed {
	__u64 address; /* as MK_ADDRESS() has it */
	__u64 cache;   /* of a slab object, where the event says it; else 0 */
	__u64 object;  /* of slabs: its address */
	__u32 kind;
	__u32 spare;
};

/* classes.bpf.c: number of the class; 0 (the class of what there is no room for) when there are too many. */
__u32 class_number(struct mk_class_key *key);
/* The same of an allocation; a slab object's cache is looked for where its event did not say it. */
__u32 allocation_class(struct allocation *allocation);
/* Sets key->cache to the cache that an object belongs to; 0: none, or it cannot be told. */
int find_cache(__u64 address, struct mk_class_key *key);
/* The struct page of a kernel address, and the node in one; 0 and -1 when not known. */
__u64 page_of(__u64 address);
int node_of_page(__u64 page);
int zone_of_page(__u64 page);

/* blocks.bpf.c */
int block_allocated(struct allocation *allocation);
int block_freed_at(struct freed *freed);
/* Passes what does not depend on the class. */
bool filter_passes(const struct allocation *allocation);

#endif

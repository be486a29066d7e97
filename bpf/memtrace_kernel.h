/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire contract for kernel memory, beside memtrace.h whose tables of blocks and stacks it uses:
 *
 * A block's owner is its kind (enum block_kind), its address that of the object, of the page's struct page,
 * or the per-CPU pointer, of which the key keeps 48 bits. The rest is the same, or nearly, for all of a kind: with five
 * levels of page tables it is not all ones.
 * A stack's owner is a class, its code_version whom the allocation is laid to (enum mk_by).
 */
#ifndef MEMTRACE_KERNEL_WIRE_H
#define MEMTRACE_KERNEL_WIRE_H

#include "memtrace.h"

#define MK_ADDRESS(address) ((__u64)(address) & ((1ULL << 48) - 1))

/* size_bytes of a block: what was asked for, and what was given beyond it. */
#define MK_REQUESTED_BITS 40
#define MK_SIZE(requested, slack) ((requested) | (__u64)(slack) << MK_REQUESTED_BITS)
#define MK_REQUESTED(size) ((size) & ((1ULL << MK_REQUESTED_BITS) - 1))
#define MK_SLACK(size) ((size) >> MK_REQUESTED_BITS)
#define MK_MAX_SLACK ((1ULL << (64 - MK_REQUESTED_BITS)) - 1)

/* `spare` of a block: the node that was asked for + 1; 0: none was. */

/*
 * Classes: what memory is told apart by beside its stack. A slab cache is one; so are page allocations of one
 * order, migrate type and set of GFP flags. The first rows of the stack table are those of classes without frames.
 */
#define MK_MAX_CLASSES MT_NO_STACKS
#define MK_NAME_BYTES 64

struct mk_class_key {
	__u64 cache; /* slab: address of the struct kmem_cache, or of none: the size of its objects */
	__u32 gfp;   /* page, percpu; slab of no known cache: MK_CACHE_BY_SIZE and what its flags say of it */
	__u8 kind;   /* enum block_kind */
	__u8 order, migratetype;
	__u8 spare;
};

#define MK_CACHE_BY_SIZE (1U << 31)

struct mk_class {
	struct mk_class_key key;
	__u64 free_unknown; /* frees of blocks that were allocated before memtrace looked, or seen by no event */
	__u64 free_unseen;  /* frees that no event told of, noticed when the address was given out again */
	__u32 wanted;       /* it passes --cache */
	__u32 spare;
	char name[MK_NAME_BYTES]; /* slab: as the cache has it */
};

/* Whom allocations are laid to, in reports. */
enum mk_by {
	MK_BY_NONE,
	MK_BY_PROCESS, /* thread group ID; 0: an interrupt's */
	MK_BY_CGROUP,  /* low half of the ID */
};

/* Which arguments the events have; src/probe/kernel_events.c reads it off the kernel's types. */
struct mk_shapes {
	__u8 kmalloc_node;      /* kmalloc says the node asked for (6.1) */
	__u8 cache_alloc_cache; /* kmem_cache_alloc says the cache (6.1), not sizes */
	__u8 cache_free_cache;  /* kmem_cache_free says the cache (6.1) */
	__u8 const_void;        /* programs may read an argument that is a const void * (6.16) */
	__u8 percpu_call_site;  /* percpu_alloc_percpu has call site, bytes and flags (6.0) */
};

#define MK_WANTED_CACHES 16

/* What is recorded at all. */
struct mk_filter {
	__u32 n_caches;  /* 0: all */
	__s32 order;     /* of pages; -1: all */
	__s32 node;      /* where the memory lies; -1: all */
	__u32 processes; /* only those in wanted_processes */
	__u64 cgroup;    /* 0: all */
	__s32 cgroup_level;
	__u32 by; /* enum mk_by */
	char cache[MK_WANTED_CACHES][MK_NAME_BYTES];
};

/* Code of the kernel's that says something of a stack; empty where it is not known. */
struct mk_code {
	struct mt_range interrupt, softirq; /* that interrupts enter by: what they interrupted is none of their stack */
	struct mt_range tracing;            /* that runs programs on tracepoints */
};

/* How memory of the kernel's is described by struct page. */
struct mk_pages {
	__u32 page_bytes; /* of a struct page; 0: not known */
	__u32 node_shift; /* of the node in `flags` */
};

/* A CPU's own memory. */
struct mk_cpu {
	__u64 offset; /* from a per-CPU pointer to what it is here */
};

/* What becomes of an address in page_places: which node and zone it lies on. */
struct mk_place {
	__u64 address; /* in: of an object, or of a struct page */
	__u32 is_page;
	__s16 node; /* out: -1: not known */
	__s16 zone;
};

#define MK_PLACES 4096

/* A slab cache's objects now, by its own slabs (iter/kmem_cache, 6.13). */
struct mk_slab_count {
	__u64 cache;
	__u64 objects, slabs; /* all that it has room for, in use or not */
	__u64 live;           /* objects in use */
	__u64 idle;           /* that CPUs and nodes keep at hand, free */
	__u32 object_bytes, size_bytes;
	char name[MK_NAME_BYTES];
};

#endif

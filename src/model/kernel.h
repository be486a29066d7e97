/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot of kernel memory has beside stacks: what the kernel itself counts, before and after. */
#ifndef MEMTRACE_MODEL_KERNEL_H
#define MEMTRACE_MODEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/kind.h"
#include "model/verdict.h"

/* Objects of a cache that lie on one node. */
struct cache_node {
	int node;
	uint64_t objects;
};

/* A slab cache: the kernel's own count of its objects, and what the events say of it. */
struct cache_growth {
	char *name;
	char **aliases; /* other names of the same cache */
	size_t n_aliases;
	uint64_t address;                  /* of its struct kmem_cache; 0: not known */
	uint64_t object_bytes, slot_bytes; /* as asked for; with all that the allocator adds */
	uint64_t objects_before, objects_after;
	int64_t growth_objects, growth_bytes; /* bytes: of slots */
	uint64_t capacity_objects; /* by which the kernel's count may be too high: CPUs keep so many at hand */
	/* Of events since attaching. */
	uint64_t alloc_count, free_count; /* free_count: with unknown_frees, unless allocations are filtered */
	uint64_t live_blocks;             /* traced, not freed: the net that stacks explain growth by */
	uint64_t live_bytes;              /* of these, as they were asked for */
	uint64_t unknown_frees;           /* of blocks that no event had told of, or that a filter left out */
	uint64_t unseen_frees;            /* of free_count: noticed when the address was given out again */
	uint64_t slack_bytes;             /* of live blocks: given beyond what was asked for */
	uint64_t explained_objects;       /* of growth_objects */
	uint64_t possible_objects;        /* of live_blocks, that the kernel's count leaves possible */
	struct verdict verdict;           /* of its objects, as the kernel counts them, from the reports so far */
	bool unverifiable;                /* more of it was freed than events told */
	bool shown;
	struct cache_node *nodes; /* as the kernel has them; none where it does not say */
	size_t n_nodes;
};

/* What blocks of one class have in common beside their stack. */
struct memory_class {
	enum block_kind kind;
	size_t cache; /* index into caches; SIZE_MAX: of no cache that is known */
	unsigned int order, migratetype;
	uint32_t gfp;
};

/* One of the kernel's counters of memory. */
struct counter_growth {
	char *name;
	uint64_t before_bytes, after_bytes;
};

struct zone_usage {
	int node;
	int zone; /* enum zone_type */
	uint64_t live_bytes, live_blocks;
};

enum laid_to {
	LAID_TO_NOBODY,
	LAID_TO_PROCESS,
	LAID_TO_CGROUP,
};

struct kernel_memory {
	struct cache_growth *caches; /* the one that grew most first */
	size_t n_caches, n_caches_shown;
	struct memory_class *classes;
	size_t n_classes;
	struct counter_growth *counters;
	size_t n_counters;
	struct zone_usage *zones; /* of traced pages; none where that cannot be told */
	size_t n_zones;
	uint64_t slab_page_bytes; /* live pages that the slab allocator took: its caches have them */
	uint64_t user_page_bytes; /* live pages of user memory and page cache that were traced */
	bool filtered;            /* of allocations some are left out, by whom or where; of frees none are */
	bool exact_counts;        /* objects in use were counted, not estimated from slabinfo */
	bool kinds[KIND_COUNT];   /* that are traced */
	enum laid_to laid_to;
};

void kernel_memory_free(struct kernel_memory *memory);

/* "Unmovable", …: enum migratetype, as /proc/pagetypeinfo has it; NULL for a number that is none. */
const char *migratetype_name(unsigned int migratetype);
/* "DMA", "Normal", …: of enum zone_type; NULL for a number that is none. */
const char *zone_type_name(int zone);

#endif

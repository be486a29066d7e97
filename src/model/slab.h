/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's slab caches at one moment, as plain data. */
#ifndef MEMTRACE_MODEL_SLAB_H
#define MEMTRACE_MODEL_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cache has on one node. */
struct slab_node {
	int node;
	uint64_t slabs;
	uint64_t objects;        /* that the slabs have room for */
	uint64_t active_objects; /* in use, or waiting in a CPU's stock; only where slab_cache.nodes_active_known */
};

struct slab_cache {
	char *name;     /* as /proc/slabinfo has it */
	char **aliases; /* other names of the same cache, sorted */
	size_t n_aliases;
	uint64_t active_objects; /* in use, or waiting in a CPU's stock */
	uint64_t objects;        /* that the slabs have room for */
	uint64_t slabs;
	uint64_t slot_size_bytes;   /* of one object with all that the allocator adds to it */
	uint64_t object_size_bytes; /* as it was asked for; 0: not known */
	uint64_t objects_per_slab;
	uint64_t pages_per_slab;
	/*
	 * What a CPU may keep back of objects that are free, beside the slab it allocates from: cpu_partial
	 * objects in further slabs (0 where there are none, and since the sheaves of Linux 7.0), or sheaves
	 * of this many objects.
	 */
	uint64_t cpu_partial_objects;
	uint64_t sheaf_objects;
	bool cpu_known;
	bool reclaimable, reclaimable_known;
	struct slab_node *nodes; /* NULL where the kernel does not say */
	size_t n_nodes;
	bool nodes_active_known;
};

struct slab_caches {
	struct slab_cache *list; /* in the kernel's order */
	size_t n;
	int aliases_error; /* 0, or -errno: why other names, nodes and CPUs' stocks are not known */
};

/* The cache of that name, or that has it among its others; NULL: none. */
struct slab_cache *slab_caches_find(const struct slab_caches *caches, const char *name);
/* All pages of the cache, in bytes. */
uint64_t slab_cache_bytes(const struct slab_cache *cache, uint64_t page_size_bytes);
/*
 * The most objects that are free but count as active because a CPU keeps them, for one CPU; and because
 * a node's store of full sheaves does, for one node.
 */
uint64_t slab_cache_cpu_stock(const struct slab_cache *cache);
uint64_t slab_cache_node_stock(const struct slab_cache *cache);
/* Frees all that it has, and leaves none. */
void slab_caches_free(struct slab_caches *caches);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/slab.h"

#include <stdlib.h>
#include <string.h>

static bool has_name(const struct slab_cache *cache, const char *name)
{
	if (!strcmp(cache->name, name))
		return true;
	for (size_t i = 0; i < cache->n_aliases; i++) {
		if (!strcmp(cache->aliases[i], name))
			return true;
	}
	return false;
}

struct slab_cache *slab_caches_find(const struct slab_caches *caches, const char *name)
{
	for (size_t i = 0; i < caches->n; i++) {
		if (has_name(&caches->list[i], name))
			return &caches->list[i];
	}
	return NULL;
}

uint64_t slab_cache_bytes(const struct slab_cache *cache, uint64_t page_size_bytes)
{
	return cache->slabs * cache->pages_per_slab * page_size_bytes;
}

/* mm/slub.c: a CPU's sheaves are the one in use, a spare, and one that waits for a grace period. */
#define CPU_SHEAVES 3
/* MAX_FULL_SHEAVES there */
#define NODE_SHEAVES 10

uint64_t slab_cache_cpu_stock(const struct slab_cache *cache)
{
	/*
	 * Since Linux 5.16 partial slabs are counted in slabs, as many as would hold the objects if each were half
	 * full (slub_set_cpu_partial()); before, their free objects were counted. Beside them is the slab in use.
	 */
	uint64_t per_slab = cache->objects_per_slab ? cache->objects_per_slab : 1;
	uint64_t slabs = cache->cpu_partial_objects ? (2 * cache->cpu_partial_objects + per_slab - 1) / per_slab : 0;

	return (slabs + 1) * per_slab + CPU_SHEAVES * cache->sheaf_objects;
}

uint64_t slab_cache_node_stock(const struct slab_cache *cache)
{
	return NODE_SHEAVES * cache->sheaf_objects;
}

static void slab_cache_clear(struct slab_cache *cache)
{
	free(cache->name);
	for (size_t i = 0; i < cache->n_aliases; i++)
		free(cache->aliases[i]);
	free(cache->aliases);
	free(cache->nodes);
}

void slab_caches_free(struct slab_caches *caches)
{
	for (size_t i = 0; i < caches->n; i++)
		slab_cache_clear(&caches->list[i]);
	free(caches->list);
	*caches = (struct slab_caches){0};
}

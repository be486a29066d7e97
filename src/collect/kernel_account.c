// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel itself counts, now beside what it counted when the session began. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/kernel_internal.h"
#include "machine/slabinfo.h"

static int copy_aliases(const struct kernel_session *session, struct cache_growth *to)
{
	const struct slab_cache *from = slab_caches_find(&session->caches, to->name);
	size_t n = from ? from->n_aliases + 1 : 0;

	if (!n)
		return 0;
	to->aliases = calloc(n, sizeof(*to->aliases));
	if (!to->aliases)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *name = i < from->n_aliases ? from->aliases[i] : from->name;

		if (!strcmp(name, to->name))
			continue;
		to->aliases[to->n_aliases] = strdup(name);
		if (!to->aliases[to->n_aliases++])
			return -ENOMEM;
	}
	return 0;
}

int kernel_account_caches(struct kernel_session *session, struct kernel_memory *memory)
{
	struct slab_counts after;
	int error = slab_counts_take(session->bpf, &after);

	if (error)
		return error;
	memory->exact_counts = after.exact;
	memory->caches = calloc(after.n + 1, sizeof(*memory->caches));
	for (size_t i = 0; i < after.n && memory->caches && !error; i++) {
		const struct slab_count *count = &after.list[i],
		                        *before = slab_counts_find(&session->before, count->name);
		struct cache_growth *cache = &memory->caches[memory->n_caches++];

		cache->name = strdup(count->name);
		cache->address = count->address;
		cache->object_bytes = count->object_bytes;
		cache->slot_bytes = count->slot_bytes;
		cache->capacity_objects = count->capacity_objects;
		cache->objects_before = before ? before->objects : 0;
		cache->objects_after = count->objects;
		cache->growth_objects = (int64_t)(cache->objects_after - cache->objects_before);
		cache->growth_bytes = cache->growth_objects * (int64_t)count->slot_bytes;
		error = cache->name ? copy_aliases(session, cache) : -ENOMEM;
	}
	slab_counts_free(&after);
	return memory->caches ? error : -ENOMEM;
}

#define CACHES_BY_NODE 32 /* the kernel walks their lists of slabs, with a lock held */

static int compare_growth(const void *a, const void *b)
{
	const struct cache_growth *x = *(struct cache_growth *const *)a, *y = *(struct cache_growth *const *)b;

	return (x->growth_bytes < y->growth_bytes) - (x->growth_bytes > y->growth_bytes);
}

static int copy_nodes_of(int root, struct cache_growth *cache)
{
	struct slab_cache from = {.name = cache->name};
	int error = slabinfo_read_cache(root, SLABINFO_NODES_ACTIVE, &from);

	if (error || !from.nodes_active_known) {
		free(from.nodes);
		return error == -ENOMEM ? error : 0; /* not every kernel says it */
	}
	cache->nodes = calloc(from.n_nodes + 1, sizeof(*cache->nodes));
	for (size_t i = 0; i < from.n_nodes && cache->nodes; i++)
		cache->nodes[cache->n_nodes++] =
		    (struct cache_node){.node = from.nodes[i].node, .objects = from.nodes[i].active_objects};
	free(from.nodes);
	return cache->nodes ? 0 : -ENOMEM;
}

int kernel_account_nodes(struct kernel_memory *memory)
{
	struct cache_growth **grown = calloc(memory->n_caches + 1, sizeof(*grown));
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), error = grown && root >= 0 ? 0 : -ENOMEM;

	for (size_t i = 0; i < memory->n_caches && !error; i++)
		grown[i] = &memory->caches[i];
	if (!error)
		qsort(grown, memory->n_caches, sizeof(*grown), compare_growth);
	for (size_t i = 0; i < memory->n_caches && i < CACHES_BY_NODE && !error && grown[i]->growth_objects > 0; i++)
		error = copy_nodes_of(root, grown[i]);
	if (root >= 0)
		close(root);
	free(grown);
	return error;
}

int kernel_account_counters(const struct kernel_session *session, struct kernel_memory *memory)
{
	const struct named_values *before = &session->counters_before;
	struct named_values after;
	int error = kernel_counters_read(&after);

	if (error)
		return error;
	memory->counters = calloc(after.n + 1, sizeof(*memory->counters));
	for (size_t i = 0; i < after.n && memory->counters && !error; i++) {
		struct counter_growth *counter = &memory->counters[memory->n_counters++];

		counter->name = strdup(after.list[i].name);
		counter->before_bytes = named_values_get(before, after.list[i].name);
		counter->after_bytes = after.list[i].value;
		error = counter->name ? 0 : -ENOMEM;
	}
	named_values_clear(&after);
	return memory->counters ? error : -ENOMEM;
}

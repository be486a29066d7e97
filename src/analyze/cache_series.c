// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/cache_series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/series.h"

/* A cache that is followed. */
struct followed {
	char *name;
	uint64_t address; /* of its struct kmem_cache: another one may come to have the name */
	struct series series;
	bool goes_on; /* it is in the snapshot that is being taken up */
};

struct cache_series {
	size_t max_caches;
	struct followed **followed; /* by name */
	size_t n_followed;
};

struct cache_series *cache_series_new(uint64_t max_bytes)
{
	struct cache_series *caches = calloc(1, sizeof(*caches));

	if (caches)
		caches->max_caches = max_bytes / sizeof(struct followed);
	return caches;
}

static void forget(struct followed *followed)
{
	free(followed->name);
	free(followed);
}

void cache_series_free(struct cache_series *caches)
{
	if (!caches)
		return;
	for (size_t i = 0; i < caches->n_followed; i++)
		forget(caches->followed[i]);
	free(caches->followed);
	free(caches);
}

/* Objects may come and go by no event at all: their number is among what tells that something happened. */
static struct series_report report_of(const struct snapshot *snapshot, const struct cache_growth *cache)
{
	return (struct series_report){
	    .time_s = (double)snapshot->elapsed_ns / 1e9,
	    .live_bytes = cache->objects_after * cache->slot_bytes,
	    .alloc_bytes = cache->alloc_count * cache->slot_bytes,
	    .alloc_count = cache->alloc_count + cache->objects_after,
	    .free_count = cache->free_count,
	};
}

/* NULL: out of memory; then there is no verdict, and all else goes on. */
static struct followed *follow(const struct cache_growth *cache, const struct series_report *report)
{
	struct followed *followed = calloc(1, sizeof(*followed));

	if (followed)
		followed->name = strdup(cache->name);
	if (!followed || !followed->name) {
		free(followed);
		return NULL;
	}
	followed->address = cache->address;
	series_begin(&followed->series, report);
	return followed;
}

static int compare_names(const void *a, const void *b)
{
	const struct followed *x = *(struct followed *const *)a, *y = *(struct followed *const *)b;

	return strcmp(x->name, y->name);
}

/* NULL: the cache is not among those followed; of several of one name one is. */
static struct followed *find(const struct cache_series *caches, const struct cache_growth *cache)
{
	struct followed **followed = caches->followed;
	size_t low = 0, high = caches->n_followed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(followed[middle]->name, cache->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == caches->n_followed || strcmp(followed[low]->name, cache->name) != 0)
		return NULL;
	return followed[low]->address == cache->address && !followed[low]->goes_on ? followed[low] : NULL;
}

/* A cache whose objects were all there before is not one that allocated once. */
static void judge(const struct series *series, struct cache_growth *cache)
{
	series_judge(series, &cache->verdict);
	if (cache->verdict.kind == VERDICT_ONE_TIME && cache->growth_objects <= 0)
		cache->verdict = (struct verdict){.kind = VERDICT_NONE};
}

int cache_series_judge(struct cache_series *caches, struct snapshot *snapshot)
{
	const struct kernel_memory *memory = snapshot->kernel;
	struct followed **now = calloc(memory->n_caches + 1, sizeof(struct followed *));
	size_t n = 0;

	if (!now)
		return -ENOMEM;
	for (size_t i = 0; i < caches->n_followed; i++)
		caches->followed[i]->goes_on = false;
	for (size_t i = 0; i < memory->n_caches && n < caches->max_caches; i++) {
		struct cache_growth *cache = &memory->caches[i];
		struct series_report report = report_of(snapshot, cache);
		struct followed *known = find(caches, cache);

		now[n] = known ? known : follow(cache, &report);
		if (!now[n])
			continue;
		if (known)
			series_add(&known->series, &report);
		now[n]->goes_on = true;
		judge(&now[n]->series, cache);
		n++;
	}
	for (size_t i = 0; i < caches->n_followed; i++) {
		if (!caches->followed[i]->goes_on)
			forget(caches->followed[i]);
	}
	qsort(now, n, sizeof(struct followed *), compare_names);
	free(caches->followed);
	caches->followed = now;
	caches->n_followed = n;
	return 0;
}

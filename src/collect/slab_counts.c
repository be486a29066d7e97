// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/slab_counts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/iterate.h"
#include "machine/slabinfo.h"
#include "probe/bpf.h"

static int add(struct slab_counts *counts, const struct slab_count *count)
{
	struct slab_count *list;

	if (!(counts->n & (counts->n - 1))) {
		list = reallocarray(counts->list, counts->n ? 2 * counts->n : 1, sizeof(*list));
		if (!list)
			return -ENOMEM;
		counts->list = list;
	}
	counts->list[counts->n] = *count;
	counts->list[counts->n].name = strdup(count->name);
	return counts->list[counts->n].name ? (counts->n++, 0) : -ENOMEM;
}

static int add_counted(void *context, const void *record)
{
	const struct mk_slab_count *counted = record;
	char name[MK_NAME_BYTES + 1];
	struct slab_count count = {
	    .name = name,
	    .address = counted->cache,
	    .objects = counted->live,
	    .object_bytes = counted->object_bytes,
	    .slot_bytes = counted->size_bytes,
	};

	memcpy(name, counted->name, MK_NAME_BYTES);
	name[MK_NAME_BYTES] = '\0';
	return add(context, &count);
}

static uint64_t capacity_of(const struct slab_cache *cache)
{
	return slab_cache_cpu_stock(cache) * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) + slab_cache_node_stock(cache);
}

static int take_slabinfo(struct slab_counts *counts)
{
	struct slab_caches caches;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), error;

	if (root < 0)
		return -errno;
	error = slabinfo_read(root, SLABINFO_DETAILS, &caches);
	close(root);
	if (error)
		return error;
	for (size_t i = 0; i < caches.n && !error; i++) {
		const struct slab_cache *cache = &caches.list[i];
		struct slab_count count = {
		    .name = cache->name,
		    .objects = cache->active_objects,
		    .object_bytes = cache->object_size_bytes ? cache->object_size_bytes : cache->slot_size_bytes,
		    .slot_bytes = cache->slot_size_bytes,
		    .capacity_objects = capacity_of(cache),
		};

		error = add(counts, &count);
	}
	slab_caches_free(&caches);
	return error;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct slab_count *)a)->name, ((const struct slab_count *)b)->name);
}

/* Caches may share a name: then they are counted as one. */
static void settle(struct slab_counts *counts)
{
	size_t n = 0;

	if (counts->n)
		qsort(counts->list, counts->n, sizeof(*counts->list), compare_names);
	for (size_t i = 0; i < counts->n; i++) {
		struct slab_count *last = n ? &counts->list[n - 1] : NULL, *next = &counts->list[i];

		if (!last || strcmp(last->name, next->name) != 0) {
			counts->list[n++] = *next;
			continue;
		}
		last->objects += next->objects;
		last->capacity_objects += next->capacity_objects;
		free(next->name);
	}
	counts->n = n;
}

static int count_once(struct memtrace_bpf *bpf, struct slab_counts *counts)
{
	int error;

	memset(counts, 0, sizeof(*counts));
	counts->exact = bpf && bpf_program__fd(bpf->progs.slab_counts) >= 0;
	if (counts->exact)
		error = iterate(bpf->progs.slab_counts, sizeof(struct mk_slab_count), add_counted, counts);
	else
		error = take_slabinfo(counts);
	if (error)
		slab_counts_free(counts);
	else
		settle(counts);
	return error;
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
	if ((a <= b) == (b <= c))
		return b;
	return (b <= a) == (a <= c) ? a : c;
}

/* Of three countings the middle one: a list that changed while it was walked spoils one of them. */
static int count_thrice(struct memtrace_bpf *bpf, struct slab_counts *counts)
{
	struct slab_counts before = {0}, after = {0};
	int error = count_once(bpf, &before);

	if (!error)
		error = count_once(bpf, counts);
	if (!error)
		error = count_once(bpf, &after);
	for (size_t i = 0; i < counts->n && !error; i++) {
		const struct slab_count *a = slab_counts_find(&before, counts->list[i].name);
		const struct slab_count *c = slab_counts_find(&after, counts->list[i].name);

		if (a && c)
			counts->list[i].objects = middle_of(a->objects, counts->list[i].objects, c->objects);
	}
	slab_counts_free(&before);
	slab_counts_free(&after);
	return error;
}

int slab_counts_take(struct memtrace_bpf *bpf, struct slab_counts *counts)
{
	int error;

	memset(counts, 0, sizeof(*counts));
	if (!bpf || bpf_program__fd(bpf->progs.slab_counts) < 0)
		return count_once(bpf, counts);
	error = count_thrice(bpf, counts);
	if (error)
		slab_counts_free(counts);
	return error;
}

void slab_counts_free(struct slab_counts *counts)
{
	for (size_t i = 0; i < counts->n; i++)
		free(counts->list[i].name);
	free(counts->list);
	memset(counts, 0, sizeof(*counts));
}

const struct slab_count *slab_counts_find(const struct slab_counts *counts, const char *name)
{
	const struct slab_count wanted = {.name = (char *)name};

	return counts->n ? bsearch(&wanted, counts->list, counts->n, sizeof(*counts->list), compare_names) : NULL;
}

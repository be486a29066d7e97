// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/machine_top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
	const struct machine_slab_row *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return strcmp(left->cache->name, right->cache->name);
}

/* Caches may share a name; the kernel keeps their order, the newest first. */
static const struct slab_cache *cache_before(const struct machine *before, const struct machine *now, size_t i)
{
	const char *name = now->slabs.list[i].name;
	size_t behind = 0;

	for (size_t j = i + 1; j < now->slabs.n; j++)
		behind += !strcmp(now->slabs.list[j].name, name);
	for (size_t j = before->slabs.n; j--;) {
		if (!strcmp(before->slabs.list[j].name, name) && !behind--)
			return &before->slabs.list[j];
	}
	return NULL;
}

/* The kernel counts large kmallocs, which are bare pages, as slab (mm/slub.c, ___kmalloc_large_node()). */
static void find_outside(struct machine_report *report)
{
	uint64_t all = named_values_get(&report->now->memory.bytes, "Slab"), in_caches = 0;

	for (size_t i = 0; i < report->n_slabs; i++)
		in_caches += report->slabs[i].bytes;
	report->slab_outside_bytes = all > in_caches ? all - in_caches : 0;
}

int machine_top_slabs(struct machine_report *report)
{
	const struct machine *now = report->now, *before = report->before;

	if (!now->slabs.n)
		return 0;
	report->slabs = calloc(now->slabs.n, sizeof(*report->slabs));
	if (!report->slabs)
		return -ENOMEM;
	report->n_slabs = now->slabs.n;
	for (size_t i = 0; i < now->slabs.n; i++) {
		struct machine_slab_row *row = &report->slabs[i];
		const struct slab_cache *old = before ? cache_before(before, now, i) : NULL;

		row->cache = &now->slabs.list[i];
		row->bytes = slab_cache_bytes(row->cache, now->page_size_bytes);
		row->growth_known = before && before->slabs.n;
		if (!row->growth_known)
			continue;
		/* A cache that is new has grown from nothing. */
		row->growth_objects = (int64_t)(row->cache->active_objects - (old ? old->active_objects : 0));
		row->growth_bytes = (int64_t)(row->bytes - (old ? slab_cache_bytes(old, before->page_size_bytes) : 0));
	}
	qsort(report->slabs, report->n_slabs, sizeof(*report->slabs), by_size);
	find_outside(report);
	return 0;
}

static uint64_t rss(const struct machine_process *process)
{
	return process->rss_bytes;
}

static uint64_t swap(const struct machine_process *process)
{
	return process->swap_bytes;
}

static uint64_t page_tables(const struct machine_process *process)
{
	return process->page_table_bytes;
}

#define COMPARE(name) \
	static int by_##name(const void *a, const void *b) \
	{ \
		const struct machine_process *left = *(const struct machine_process *const *)a; \
		const struct machine_process *right = *(const struct machine_process *const *)b; \
\
		if (name(left) != name(right)) \
			return name(left) > name(right) ? -1 : 1; \
		return left->pid - right->pid; \
	}

COMPARE(rss)
COMPARE(swap)
COMPARE(page_tables)

static int select_processes(const struct machine *machine, uint64_t (*amount)(const struct machine_process *),
                            int (*compare)(const void *, const void *), size_t top,
                            const struct machine_process ***list, size_t *n)
{
	*n = 0;
	if (!machine->n_processes)
		return 0;
	*list = (const struct machine_process **)calloc(machine->n_processes, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (size_t i = 0; i < machine->n_processes; i++) {
		if (amount(&machine->processes[i]))
			(*list)[(*n)++] = &machine->processes[i];
	}
	if (*n)
		qsort((void *)*list, *n, sizeof(**list), compare);
	if (top && *n > top)
		*n = top;
	return 0;
}

int machine_top_processes(struct machine_report *report, size_t top)
{
	const struct machine *now = report->now;
	int error = select_processes(now, rss, by_rss, top, &report->by_rss, &report->n_by_rss);

	if (!error)
		error = select_processes(now, swap, by_swap, top, &report->by_swap, &report->n_by_swap);
	if (!error)
		error = select_processes(now, page_tables, by_page_tables, top, &report->by_page_tables,
		                         &report->n_by_page_tables);
	return error;
}

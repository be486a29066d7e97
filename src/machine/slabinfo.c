// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/slabinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/root.h"
#include "machine/slab_names.h"
#include "machine/text.h"
#include "util/grow.h"

#define NODE_MAX 1023
/* Of a line: objects in use, all, size, per slab, pages per slab. */
#define FIGURES 5

/* Takes the last word off *rest and reads it as a number. */
static bool last_number(struct span *rest, uint64_t *value)
{
	struct span trimmed = span_trim(*rest);
	size_t digits = 0;

	while (digits < trimmed.length && trimmed.start[trimmed.length - 1 - digits] >= '0' &&
	       trimmed.start[trimmed.length - 1 - digits] <= '9')
		digits++;
	if (!span_decimal((struct span){trimmed.start + trimmed.length - digits, digits}, value))
		return false;
	trimmed.length -= digits;
	*rest = trimmed;
	return true;
}

/* "NAME 12 34 192 21 1 : tunables 0 0 0 : slabdata 2 2 0": names may hold anything, so it is read from its end. */
static bool parse_line(struct span line, struct slab_cache *cache, struct span *name)
{
	uint64_t *const figures[FIGURES] = {&cache->pages_per_slab, &cache->objects_per_slab, &cache->slot_size_bytes,
	                                    &cache->objects, &cache->active_objects};
	static const char tunables[] = " : tunables ", slabdata[] = " : slabdata ";
	const char *at = memmem(line.start, line.length, tunables, sizeof(tunables) - 1), *next = at;
	struct span rest;
	uint64_t active_slabs;

	while (next) {
		at = next;
		rest = (struct span){at + 1, line.length - (size_t)(at + 1 - line.start)};
		next = memmem(rest.start, rest.length, tunables, sizeof(tunables) - 1);
	}
	if (!at)
		return false;
	rest = (struct span){line.start, (size_t)(at - line.start)};
	for (int i = 0; i < FIGURES; i++) {
		if (!last_number(&rest, figures[i]))
			return false;
	}
	*name = span_trim(rest);
	rest = (struct span){at + 1, line.length - (size_t)(at + 1 - line.start)};
	at = memmem(rest.start, rest.length, slabdata, sizeof(slabdata) - 1);
	if (!at)
		return false;
	rest.length -= (size_t)(at - rest.start) + sizeof(slabdata) - 1;
	rest.start = at + sizeof(slabdata) - 1;
	return name->length && span_number(&rest, &active_slabs) && span_number(&rest, &cache->slabs);
}

static int add_cache(struct slab_caches *caches, struct slab_cache *cache, struct span name)
{
	int error = grow_list((void **)&caches->list, caches->n, sizeof(*cache));

	if (error)
		return error;
	cache->name = strndup(name.start, name.length);
	if (!cache->name)
		return -ENOMEM;
	caches->list[caches->n++] = *cache;
	return 0;
}

int slabinfo_parse(const char *text, struct slab_caches *caches)
{
	struct span line, name;
	int error = 0;

	*caches = (struct slab_caches){0};
	if (!text_line(&text, &line) || !span_skip(&line, "slabinfo - version: 2."))
		return -EINVAL;
	while (!error && text_line(&text, &line)) {
		struct slab_cache cache = {0};

		if (parse_line(line, &cache, &name))
			error = add_cache(caches, &cache, name);
	}
	if (error)
		slab_caches_free(caches);
	return error;
}

bool slabinfo_parse_nodes(const char *text, void (*node)(void *context, int node, uint64_t value), void *context)
{
	struct span rest, word, number;
	uint64_t total, index, value;

	if (!text_line(&text, &rest) || !span_number(&rest, &total))
		return false;
	while (span_word(&rest, &word)) {
		if (span_skip(&word, "N") && span_until(&word, '=', &number) && span_decimal(number, &index) &&
		    span_decimal(word, &value) && index <= NODE_MAX)
			node(context, (int)index, value);
	}
	return true;
}

/* One of a node's figures, while it is read. */
struct node_figure {
	struct slab_cache *cache;
	size_t offset; /* in struct slab_node */
	int error;
};

static struct slab_node *node_of(struct slab_cache *cache, int index)
{
	for (size_t i = 0; i < cache->n_nodes; i++) {
		if (cache->nodes[i].node == index)
			return &cache->nodes[i];
	}
	if (grow_list((void **)&cache->nodes, cache->n_nodes, sizeof(*cache->nodes)))
		return NULL;
	cache->nodes[cache->n_nodes] = (struct slab_node){.node = index};
	return &cache->nodes[cache->n_nodes++];
}

static void set_node(void *context, int index, uint64_t value)
{
	struct node_figure *figure = context;
	struct slab_node *node = node_of(figure->cache, index);

	if (node)
		memcpy((char *)node + figure->offset, &value, sizeof(value));
	else
		figure->error = -ENOMEM;
}

/* True if the kernel had the file. */
static bool read_nodes(int root_fd, const char *directory, const char *file, struct node_figure *figure)
{
	char *text;
	bool known;

	if (root_read(root_fd, &text, SLAB_DIRECTORY "/%s/%s", directory, file))
		return false;
	known = slabinfo_parse_nodes(text, set_node, figure);
	free(text);
	return known;
}

static int compare_nodes(const void *a, const void *b)
{
	return ((const struct slab_node *)a)->node - ((const struct slab_node *)b)->node;
}

static int read_all_nodes(int root_fd, const char *directory, bool active, struct slab_cache *cache)
{
	struct node_figure figure = {.cache = cache, .offset = offsetof(struct slab_node, slabs)};

	free(cache->nodes);
	cache->nodes = NULL;
	cache->n_nodes = 0;
	cache->nodes_active_known = false;
	if (!read_nodes(root_fd, directory, "slabs", &figure))
		return 0;
	figure.offset = offsetof(struct slab_node, objects);
	read_nodes(root_fd, directory, "total_objects", &figure);
	figure.offset = offsetof(struct slab_node, active_objects);
	if (active)
		cache->nodes_active_known = read_nodes(root_fd, directory, "objects", &figure);
	if (cache->n_nodes)
		qsort(cache->nodes, cache->n_nodes, sizeof(*cache->nodes), compare_nodes);
	return figure.error;
}

static void read_details(int root_fd, const char *directory, struct slab_cache *cache)
{
	uint64_t value;

	if (!root_number(root_fd, &value, SLAB_DIRECTORY "/%s/object_size", directory))
		cache->object_size_bytes = value;
	cache->reclaimable_known = !root_number(root_fd, &value, SLAB_DIRECTORY "/%s/reclaim_account", directory);
	cache->reclaimable = cache->reclaimable_known && value;
	/* Sheaves: since Linux 6.18. */
	if (!root_number(root_fd, &value, SLAB_DIRECTORY "/%s/sheaf_capacity", directory))
		cache->sheaf_objects = value;
	cache->cpu_known = !root_number(root_fd, &value, SLAB_DIRECTORY "/%s/cpu_partial", directory);
	cache->cpu_partial_objects = cache->cpu_known ? value : 0;
}

static int read_parts(int root_fd, const char *directory, unsigned int parts, struct slab_cache *cache)
{
	if (parts & SLABINFO_DETAILS)
		read_details(root_fd, directory, cache);
	if (parts & (SLABINFO_NODES | SLABINFO_NODES_ACTIVE))
		return read_all_nodes(root_fd, directory, parts & SLABINFO_NODES_ACTIVE, cache);
	return 0;
}

int slabinfo_read_cache(int root_fd, unsigned int parts, struct slab_cache *cache)
{
	char *directory = slab_directory_name(cache->name);
	int error = directory ? slab_directory_check(root_fd, directory) : -ENOMEM;

	if (!error)
		error = read_parts(root_fd, directory, parts, cache);
	free(directory);
	return error;
}

int slabinfo_read(int root_fd, unsigned int parts, struct slab_caches *caches)
{
	struct slab_names names;
	char *text;
	int error = root_read(root_fd, &text, "proc/slabinfo");

	if (error)
		return error;
	error = slabinfo_parse(text, caches);
	free(text);
	if (error || !parts)
		return error;
	caches->aliases_error = slab_names_read(root_fd, &names);
	if (caches->aliases_error)
		return 0;
	for (size_t i = 0; i < caches->n && !error; i++) {
		if (parts & SLABINFO_ALIASES)
			error = slab_names_set(&names, &caches->list[i]);
		if (!error)
			error = slabinfo_read_cache(root_fd, parts, &caches->list[i]);
		if (error == -ENOENT)
			error = 0; /* gone again, or one of two of this name */
	}
	slab_names_free(&names);
	if (error)
		slab_caches_free(caches);
	return error;
}

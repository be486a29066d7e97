// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/text_pool.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct text_pool {
	void *root; /* tsearch(3) */
	char *(*make)(const char *raw);
};

struct pooled_text {
	char *raw;
	char *text;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct pooled_text *)a)->raw, ((const struct pooled_text *)b)->raw);
}

static void pooled_text_free(void *node)
{
	struct pooled_text *entry = node;

	if (!entry)
		return;
	free(entry->raw);
	free(entry->text);
	free(entry);
}

struct text_pool *text_pool_new(char *(*make)(const char *raw))
{
	struct text_pool *pool = calloc(1, sizeof(*pool));

	if (pool)
		pool->make = make;
	return pool;
}

void text_pool_free(struct text_pool *pool)
{
	if (!pool)
		return;
	tdestroy(pool->root, pooled_text_free);
	free(pool);
}

const char *text_pool_get(struct text_pool *pool, const char *raw)
{
	struct pooled_text wanted = {.raw = (char *)raw};
	void *found = tfind(&wanted, &pool->root, compare);
	struct pooled_text *entry;

	if (found)
		return (*(struct pooled_text **)found)->text;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->raw = strdup(raw);
	entry->text = pool->make(raw);
	if (!entry->raw || !entry->text || !tsearch(entry, &pool->root, compare)) {
		pooled_text_free(entry);
		return NULL;
	}
	return entry->text;
}

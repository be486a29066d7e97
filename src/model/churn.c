// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/churn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t churn_bucket_low(unsigned int bucket)
{
	return bucket ? 1ULL << (bucket - 1) : 0;
}

static int compare_places(const void *left, const void *right)
{
	const struct free_place *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->address > b->address) - (a->address < b->address);
}

static int add_places(struct churn *to, const struct churn *from)
{
	struct free_place *places;

	if (!from->n_places)
		return 0;
	places = reallocarray(to->places, to->n_places + from->n_places, sizeof(*places));
	if (!places)
		return -ENOMEM;
	to->places = places;
	for (size_t i = 0; i < from->n_places; i++) {
		const struct free_place *place = &from->places[i];
		size_t j = 0;

		while (j < to->n_places && places[j].address != place->address)
			j++;
		if (j == to->n_places)
			places[to->n_places++] = (struct free_place){.address = place->address};
		places[j].count += place->count;
	}
	qsort(places, to->n_places, sizeof(*places), compare_places);
	return 0;
}

int churn_add(struct churn *to, const struct churn *from, bool places_too)
{
	to->peak_is_bound |= from->peak_is_bound || (to->peak_live_bytes && from->peak_live_bytes);
	to->peak_live_bytes += from->peak_live_bytes;
	to->freed_count += from->freed_count;
	to->soon_count += from->soon_count;
	to->soon_bytes += from->soon_bytes;
	to->other_thread_count += from->other_thread_count;
	to->same_function_count += from->same_function_count;
	to->unknown_function_count += from->unknown_function_count;
	to->regrown_count += from->regrown_count;
	to->outgrown_bytes += from->outgrown_bytes;
	to->moved_bytes += from->moved_bytes;
	to->elsewhere_count += from->elsewhere_count;
	for (int i = 0; i < CHURN_BUCKETS; i++) {
		to->lifetimes_ns[i] += from->lifetimes_ns[i];
		to->sizes_bytes[i] += from->sizes_bytes[i];
	}
	if (places_too)
		return add_places(to, from);
	for (size_t i = 0; i < from->n_places; i++)
		to->elsewhere_count += from->places[i].count;
	return 0;
}

struct churn *churn_copy(const struct churn *churn)
{
	struct churn *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *churn;
	copy->places = NULL;
	copy->n_places = 0;
	if (add_places(copy, churn)) {
		free(copy);
		return NULL;
	}
	return copy;
}

void churn_free(struct churn *churn)
{
	if (!churn)
		return;
	for (size_t i = 0; i < churn->n_places; i++)
		free(churn->places[i].frames);
	free(churn->places);
	free(churn);
}

struct churn_totals *churn_totals_new(void)
{
	return calloc(1, sizeof(struct churn_totals));
}

/* Of that number; NULL when out of memory. */
static struct churn_node *node_of(struct churn_totals *totals, int node)
{
	struct churn_node *nodes;

	for (size_t i = 0; i < totals->n_nodes; i++) {
		if (totals->nodes[i].node == node)
			return &totals->nodes[i];
	}
	nodes = reallocarray(totals->nodes, totals->n_nodes + 1, sizeof(*nodes));
	if (!nodes)
		return NULL;
	totals->nodes = nodes;
	nodes[totals->n_nodes] = (struct churn_node){.node = node};
	return &nodes[totals->n_nodes++];
}

int churn_totals_add_node(struct churn_totals *to, const struct churn_node *from)
{
	struct churn_node *node = node_of(to, from->node);

	if (!node)
		return -ENOMEM;
	node->recent_count += from->recent_count;
	node->recent_bytes += from->recent_bytes;
	node->alloc_count += from->alloc_count;
	node->alloc_bytes += from->alloc_bytes;
	node->free_count += from->free_count;
	node->free_bytes += from->free_bytes;
	node->other_node_count += from->other_node_count;
	return 0;
}

int churn_totals_add_nodes(struct churn_totals *to, const struct churn_totals *from)
{
	int error = 0;

	for (size_t i = 0; i < from->n_nodes && !error; i++)
		error = churn_totals_add_node(to, &from->nodes[i]);
	return error;
}

void churn_totals_free(struct churn_totals *totals)
{
	if (!totals)
		return;
	free(totals->nodes);
	free(totals);
}

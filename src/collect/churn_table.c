// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/churn_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/array_map.h"
#include "probe/bpf.h"

_Static_assert(CHURN_BUCKETS == MT_CHURN_BUCKETS && CHURN_SOON_NS == MT_SOON_NS,
               "the programs and the model count differently");

uint64_t churn_table_bytes(uint64_t rows)
{
	return (rows + MT_NO_STACKS) * sizeof(struct mt_churn);
}

int churn_table_size(struct memtrace_bpf *bpf, uint64_t rows, uint32_t n_nodes)
{
	uint64_t entries = rows + MT_NO_STACKS;
	int error = entries > UINT32_MAX ? -E2BIG : bpf_map__set_max_entries(bpf->maps.churn, entries);

	bpf->rodata->churns = true;
	bpf->rodata->churn_nodes = n_nodes;
	return error ? error
	             : bpf_map__set_max_entries(bpf->maps.churn_totals, MT_CHURN_TOTAL(MT_MAX_PROCESSES, n_nodes, -1));
}

int churn_table_map(struct churn_table *table, struct memtrace_bpf *bpf)
{
	table->bpf = bpf;
	table->n_nodes = bpf->rodata->churn_nodes;
	table->rows = array_map(bpf->maps.churn);
	table->totals = array_map(bpf->maps.churn_totals);
	return table->rows && table->totals ? 0 : -ENOMEM;
}

void churn_table_unmap(struct churn_table *table)
{
	if (!table->bpf)
		return;
	array_unmap(table->rows, table->bpf->maps.churn);
	array_unmap(table->totals, table->bpf->maps.churn_totals);
}

static struct mt_churn_total *totals_of(const struct churn_table *table, uint32_t slot)
{
	return &table->totals[MT_CHURN_TOTAL(slot, table->n_nodes, -1)];
}

void churn_table_start(struct churn_table *table, uint32_t slot)
{
	if (table->totals)
		memset(totals_of(table, slot), 0, (table->n_nodes + 1) * sizeof(*table->totals));
}

static void add(__u64 *to, uint64_t n)
{
	if (n)
		__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

/* In the place that has the address, or takes it. False: there is no room. */
static bool add_place(struct mt_churn *to, const struct mt_free_place *place)
{
	for (int i = 0; i < MT_FREE_PLACES; i++) {
		__u64 address = 0;

		if (!__atomic_compare_exchange_n(&to->places[i].address, &address, place->address, false,
		                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
		    address != place->address)
			continue;
		add(&to->places[i].count, place->count);
		return true;
	}
	return false;
}

void churn_table_add(struct churn_table *table, uint32_t to_number, uint32_t from_number)
{
	struct mt_churn *to;
	const struct mt_churn *from;

	if (!table->rows)
		return;
	to = &table->rows[to_number];
	from = &table->rows[from_number];
	add(&to->live_bytes, from->live_bytes);
	add(&to->peak_bytes, from->peak_bytes);
	add(&to->soon_count, from->soon_count);
	add(&to->soon_bytes, from->soon_bytes);
	add(&to->other_thread_count, from->other_thread_count);
	add(&to->regrown_count, from->regrown_count);
	add(&to->outgrown_bytes, from->outgrown_bytes);
	add(&to->moved_bytes, from->moved_bytes);
	add(&to->elsewhere_count, from->elsewhere_count);
	for (int i = 0; i < MT_CHURN_BUCKETS; i++) {
		add(&to->lifetimes_ns[i], from->lifetimes_ns[i]);
		add(&to->sizes[i], from->sizes[i]);
	}
	for (int i = 0; i < MT_FREE_PLACES && from->places[i].address; i++) {
		if (!add_place(to, &from->places[i]))
			add(&to->elsewhere_count, from->places[i].count);
	}
}

void churn_table_empty(struct churn_table *table, uint32_t number)
{
	if (table->rows)
		memset(&table->rows[number], 0, sizeof(*table->rows));
}

static uint64_t load(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static int copy_places(struct churn *churn, const struct mt_churn *row)
{
	struct free_place places[MT_FREE_PLACES];
	struct churn found = {.places = places};

	for (int i = 0; i < MT_FREE_PLACES; i++) {
		uint64_t address = load(&row->places[i].address), count = load(&row->places[i].count);

		if (address && count)
			places[found.n_places++] = (struct free_place){.address = address, .count = count};
	}
	return churn_add(churn, &found, true);
}

struct churn *churn_table_stack(const struct churn_table *table, uint32_t number)
{
	const struct mt_churn *row = &table->rows[number];
	struct churn *churn = calloc(1, sizeof(*churn));

	if (!churn)
		return NULL;
	churn->peak_live_bytes = load(&row->peak_bytes);
	churn->peak_is_bound = number < MT_NO_STACKS;
	churn->soon_count = load(&row->soon_count);
	churn->soon_bytes = load(&row->soon_bytes);
	churn->other_thread_count = load(&row->other_thread_count);
	churn->regrown_count = load(&row->regrown_count);
	churn->outgrown_bytes = load(&row->outgrown_bytes);
	churn->moved_bytes = load(&row->moved_bytes);
	churn->elsewhere_count = load(&row->elsewhere_count);
	for (int i = 0; i < CHURN_BUCKETS; i++) {
		churn->lifetimes_ns[i] = load(&row->lifetimes_ns[i]);
		churn->sizes_bytes[i] = load(&row->sizes[i]);
		churn->freed_count += churn->lifetimes_ns[i];
	}
	if (copy_places(churn, row)) {
		churn_free(churn);
		return NULL;
	}
	return churn;
}

static struct churn_node node_of(const struct mt_churn_total *row, int node)
{
	return (struct churn_node){.node = node,
	                           .alloc_count = load(&row->alloc_count),
	                           .alloc_bytes = load(&row->alloc_bytes),
	                           .free_count = load(&row->free_count),
	                           .free_bytes = load(&row->free_bytes),
	                           .other_node_count = load(&row->other_node_count)};
}

struct churn_totals *churn_table_process(const struct churn_table *table, uint32_t slot, const int *nodes,
                                         size_t n_nodes)
{
	const struct mt_churn_total *rows = totals_of(table, slot);
	struct churn_totals *totals = churn_totals_new();
	int error = totals ? 0 : -ENOMEM;

	for (size_t i = 0; i < n_nodes && !error; i++)
		error = churn_totals_add_node(totals, &(struct churn_node){.node = nodes[i]});
	for (uint32_t i = 0; i < table->n_nodes && !error; i++) {
		struct churn_node node = node_of(&rows[1 + i], (int)i);

		if (node.alloc_count || node.free_count)
			error = churn_totals_add_node(totals, &node);
	}
	if (error) {
		churn_totals_free(totals);
		return NULL;
	}
	totals->counted = true;
	totals->churn.peak_live_bytes = load(&rows[0].peak_bytes);
	return totals;
}

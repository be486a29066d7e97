// SPDX-License-Identifier: GPL-2.0-or-later
/* What the state of nodes and zones tells. */
#include <inttypes.h>
#include <string.h>

#include "analyze/finding_rows.h"
#include "analyze/machine_uses.h"
#include "util/quantity.h"

static uint64_t node_free(const struct machine_node *node)
{
	return named_values_get(&node->memory.bytes, "MemFree");
}

static bool imbalance(struct line *line)
{
	const struct machine_node *full, *empty;
	char little[QUANTITY_SIZE], much[QUANTITY_SIZE];
	uint64_t mode;

	if ((line_setting(line, "vm.zone_reclaim_mode", &mode) && mode) || !line_imbalance(line, &full, &empty))
		return false;
	return line_say(
	    line, "node %d has %s free and node %d %s: what is bound to node %d, or allocates there, goes to others",
	    full->node, quantity_words(little, node_free(full)), empty->node, quantity_words(much, node_free(empty)),
	    full->node);
}

/* A zone smaller than this share of all memory says little: zone DMA has 16 MiB. */
#define ZONE_SHARE_PERCENT 5

static bool is_large_zone(const struct line *line, const struct zone *zone)
{
	return percent_of(zone->managed_pages * line->report->now->page_size_bytes, line_memory(line, "MemTotal")) >=
	       ZONE_SHARE_PERCENT;
}

static bool low_watermark(struct line *line)
{
	const struct machine *machine = line->report->now;
	char free[QUANTITY_SIZE], mark[QUANTITY_SIZE];

	for (size_t i = 0; i < machine->zones.n; i++) {
		const struct zone *zone = &machine->zones.list[i];
		bool below_min = zone->free_pages <= zone->min_pages;

		if (!zone->managed_pages || zone->free_pages > zone->low_pages || !is_large_zone(line, zone))
			continue;
		return line_say(
		    line, "node %d, zone %s has %s free, below its %s watermark of %s: %s", zone->node, zone->name,
		    quantity_words(free, zone->free_pages * machine->page_size_bytes), below_min ? "min" : "low",
		    quantity_words(mark, (below_min ? zone->min_pages : zone->low_pages) * machine->page_size_bytes),
		    below_min ? "who allocates must reclaim first" : "kswapd reclaims");
	}
	return false;
}

/* 2 MiB with pages of 4 KiB: what a transparent huge page takes. */
static unsigned int huge_order(const struct machine *machine)
{
	uint64_t bytes = named_values_get(&machine->memory.bytes, "Hugepagesize");
	unsigned int order = 0;

	while (bytes > machine->page_size_bytes << order && order < ZONE_ORDERS_MAX - 1)
		order++;
	return order ? order : 9;
}

static bool fragmented(struct line *line)
{
	const struct machine *machine = line->report->now;
	unsigned int order = huge_order(machine);
	uint64_t threshold = 500;
	char size[QUANTITY_SIZE];

	line_setting(line, "vm.extfrag_threshold", &threshold);
	for (size_t i = 0; i < machine->zones.n; i++) {
		const struct zone *zone = &machine->zones.list[i];
		int index = line->report->zones[i].fragmentation[order];

		if (order >= zone->n_orders || !is_large_zone(line, zone) || index == FRAGMENTATION_NONE)
			continue;
		quantity_words(size, zone->free_pages * machine->page_size_bytes);
		if (index > 0 && (uint64_t)index > threshold)
			return line_say(
			    line,
			    "node %d, zone %s: an order-%u request would fail for fragmentation, not for lack of "
			    "memory (index %.3f, %s free)",
			    zone->node, zone->name, order, index / 1000.0, size);
		return line_say(
		    line, "node %d, zone %s: an order-%u request would fail for lack of memory (index %.3f, %s free)",
		    zone->node, zone->name, order, index / 1000.0, size);
	}
	return false;
}

#define FOREIGN_MIN_PER_S 100

static bool numa_foreign(struct line *line)
{
	const struct machine_report *report = line->report;

	for (size_t i = 0; i < report->now->n_nodes; i++) {
		const struct machine_node *node = &report->now->nodes[i];
		const struct machine_node *before = machine_report_node_before(report, node->node);
		double rate =
		    before
		        ? machine_report_rate(report, named_values_change(&before->numa, &node->numa, "numa_foreign"))
		        : 0;

		if (rate >= FOREIGN_MIN_PER_S)
			return line_say(
			    line, "node %d: %.0f pages/s that were meant for it came from other nodes (numa_foreign)",
			    node->node, rate);
	}
	return false;
}

/* Of all memory; on a kernel as it is written they are the same. */
#define TOTAL_PERCENT 1

static bool totals_differ(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t managed = 0, total = line_memory(line, "MemTotal"), difference;
	char in_zones[QUANTITY_SIZE], in_total[QUANTITY_SIZE];

	for (size_t i = 0; i < machine->zones.n; i++)
		managed += machine->zones.list[i].managed_pages * machine->page_size_bytes;
	difference = total > managed ? total - managed : managed - total;
	if (!managed || percent_of(difference, total) < TOTAL_PERCENT)
		return false;
	return line_say(line,
	                "the zones have %s and /proc/meminfo counts %s: memory is plugged in, or out, as it is needed",
	                quantity_words(in_zones, managed), quantity_words(in_total, total));
}

const struct finding_row finding_rows_zones[] = {
    {"totals_differ", totals_differ}, {"node_imbalance", imbalance}, {"numa_foreign", numa_foreign},
    {"low_watermark", low_watermark}, {"fragmentation", fragmented}, {NULL, NULL},
};

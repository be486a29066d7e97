// SPDX-License-Identifier: GPL-2.0-or-later
/* What settings and the state of memory explain together. */
#include <inttypes.h>
#include <string.h>

#include "analyze/finding_rows.h"
#include "analyze/machine_uses.h"
#include "util/quantity.h"

static uint64_t node_free(const struct machine_node *node)
{
	return named_values_get(&node->memory.bytes, "MemFree");
}

static bool zone_reclaim(struct line *line)
{
	const struct machine_node *full, *empty;
	char size[QUANTITY_SIZE];
	uint64_t mode;

	if (!line_setting(line, "vm.zone_reclaim_mode", &mode) || !mode || !line_imbalance(line, &full, &empty))
		return false;
	return line_say(line, "zone_reclaim_mode is %" PRIu64 ": node %d reclaims its cache while node %d has %s free",
	                mode, full->node, empty->node, quantity_words(size, node_free(empty)));
}

static bool slab_ratio(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t mode, ratio;

	if (!line_setting(line, "vm.zone_reclaim_mode", &mode) || !mode ||
	    !line_setting(line, "vm.min_slab_ratio", &ratio))
		return false;
	for (size_t i = 0; i < machine->n_nodes; i++) {
		const struct named_values *bytes = &machine->nodes[i].memory.bytes;
		double share = percent_of(named_values_get(bytes, "SReclaimable"), named_values_get(bytes, "MemTotal"));

		if (share > (double)ratio)
			return line_say(line,
			                "min_slab_ratio is %" PRIu64 ": node %d's reclaimable slab is %.1f%% of it, so "
			                "allocating there shrinks it",
			                ratio, machine->nodes[i].node, share);
	}
	return false;
}

#define RESERVE_PERCENT 3

static bool min_free(struct line *line)
{
	char size[QUANTITY_SIZE];
	uint64_t kbytes, bytes;
	double share;

	if (!line_setting(line, "vm.min_free_kbytes", &kbytes) || __builtin_mul_overflow(kbytes, 1024, &bytes))
		return false;
	share = percent_of(bytes, line_memory(line, "MemTotal"));
	if (share < RESERVE_PERCENT)
		return false;
	return line_say(line, "min_free_kbytes is %" PRIu64 ": %s, %.1f%% of memory, is kept free for the kernel alone",
	                kbytes, quantity_words(size, bytes), share);
}

/* The kernel's own is 10, of 10,000. */
#define SCALE_FACTOR_LARGE 100

static bool watermark_scale(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t factor, pages = 0;
	char size[QUANTITY_SIZE];

	if (!line_setting(line, "vm.watermark_scale_factor", &factor) || factor < SCALE_FACTOR_LARGE)
		return false;
	for (size_t i = 0; i < machine->zones.n; i++)
		pages += machine->zones.list[i].managed_pages ? machine->zones.list[i].high_pages : 0;
	return line_say(line, "watermark_scale_factor is %" PRIu64 ": kswapd, once begun, goes on until %s are free",
	                factor, quantity_words(size, pages * machine->page_size_bytes));
}

static bool swappiness(struct line *line)
{
	uint64_t value;
	char size[QUANTITY_SIZE];

	if (!line_setting(line, "vm.swappiness", &value) || value || !line_memory(line, "SwapTotal"))
		return false;
	return line_say(line,
	                "swappiness is 0: %s of anonymous memory stay until there is almost no cache left to reclaim",
	                quantity_words(size, line_memory(line, "AnonPages")));
}

#define COMMIT_PERCENT 90

static bool overcommit(struct line *line)
{
	uint64_t mode, limit = line_memory(line, "CommitLimit"), used = line_memory(line, "Committed_AS");
	char taken[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (!line_setting(line, "vm.overcommit_memory", &mode) || mode != 2)
		return false;
	return line_say(line, "overcommit_memory is 2: %s of the %s that may be promised are (%.0f%%)%s",
	                quantity_words(taken, used), quantity_words(most, limit), percent_of(used, limit),
	                percent_of(used, limit) >= COMMIT_PERCENT ? "; allocations fail though memory is free" : "");
}

static bool promised(struct line *line)
{
	uint64_t mode, total = line_memory(line, "MemTotal") + line_memory(line, "SwapTotal"),
	               used = line_memory(line, "Committed_AS");
	char taken[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (!line_setting(line, "vm.overcommit_memory", &mode) || mode == 2 || used <= total)
		return false;
	return line_say(line,
	                "overcommit_memory is %" PRIu64 ": %s are promised and memory and swap are %s; were all used, "
	                "processes would be killed",
	                mode, quantity_words(taken, used), quantity_words(most, total));
}

#define HUGE_FREE_PERCENT 1

static bool huge_pages(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t bytes = 0, count = 0;
	char size[QUANTITY_SIZE];

	for (size_t i = 0; i < machine->n_huge; i++) {
		const struct named_values *pages = &machine->huge[i].pages;
		uint64_t free = named_values_get(pages, "free_hugepages");
		uint64_t reserved = named_values_get(pages, "resv_hugepages");

		if (machine->huge[i].node >= 0 || free <= reserved)
			continue;
		count += free - reserved;
		bytes += (free - reserved) * machine->huge[i].size_bytes;
	}
	if (percent_of(bytes, line_memory(line, "MemTotal")) < HUGE_FREE_PERCENT)
		return false;
	return line_say(line,
	                "nr_hugepages keeps %" PRIu64
	                " huge pages (%s) that nothing uses or has asked for: no other use can have them",
	                count, quantity_words(size, bytes));
}

#define SLAB_PERCENT 10

static bool cache_pressure(struct line *line)
{
	uint64_t pressure, slab = line_memory(line, "SReclaimable");
	char size[QUANTITY_SIZE];

	if (!line_setting(line, "vm.vfs_cache_pressure", &pressure) || pressure >= 100 ||
	    percent_of(slab, line_memory(line, "MemTotal")) < SLAB_PERCENT)
		return false;
	return line_say(line,
	                "vfs_cache_pressure is %" PRIu64 ": %s of reclaimable slab, dentries and inodes first, are %s",
	                pressure, quantity_words(size, slab), pressure ? "kept longer than pages" : "never reclaimed");
}

static bool dropped(struct line *line)
{
	uint64_t caches = line_counter(line, "drop_pagecache"), slabs = line_counter(line, "drop_slab");

	if (!caches && !slabs)
		return false;
	return line_say(line,
	                "drop_caches was written since boot: %" PRIu64 " time%s for the page cache, %" PRIu64
	                " for slab; caches are small for it",
	                caches, caches == 1 ? "" : "s", slabs);
}

const struct finding_row finding_rows_settings[] = {
    {"zone_reclaim", zone_reclaim},
    {"min_slab_ratio", slab_ratio},
    {"min_free", min_free},
    {"watermark_scale", watermark_scale},
    {"swappiness", swappiness},
    {"cache_pressure", cache_pressure},
    {"huge_pages", huge_pages},
    {"overcommit_limit", overcommit},
    {"overcommit", promised},
    {"drop_caches", dropped},
    {NULL, NULL},
};

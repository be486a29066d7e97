// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each finding is a row: a key, and a function that looks whether it is so and writes its line. Shares
 * from which on something is worth a line are percent of what they are a share of.
 */
#include "analyze/machine_findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/machine_uses.h"
#include "util/grow.h"
#include "util/number.h"
#include "util/quantity.h"

#define LINE_SIZE 320

/* The line of a finding while it is written. */
struct line {
	const struct machine_report *report;
	char text[LINE_SIZE];
};

static bool say(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool say(struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->text, sizeof(line->text), format, arguments);
	va_end(arguments);
	return true;
}

/* False where the setting is not there, or no number. */
static bool setting(const struct line *line, const char *name, uint64_t *value)
{
	const char *text = machine_setting(line->report->now, name);

	return text && !number_parse(text, value);
}

static uint64_t memory(const struct line *line, const char *name)
{
	return named_values_get(&line->report->now->memory.bytes, name);
}

static uint64_t counter(const struct line *line, const char *name)
{
	return named_values_get(&line->report->now->counters, name);
}

static double counter_rate(const struct line *line, const char *name)
{
	const struct machine_report *report = line->report;

	if (!report->before)
		return 0;
	return machine_report_rate(report,
	                           named_values_change(&report->before->counters, &report->now->counters, name));
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static uint64_t node_free(const struct machine_node *node)
{
	return named_values_get(&node->memory.bytes, "MemFree");
}

static double node_free_percent(const struct machine_node *node)
{
	return percent(node_free(node), named_values_get(&node->memory.bytes, "MemTotal"));
}

/* A node of little free memory beside one of much. */
#define NODE_FULL_PERCENT 10
#define NODE_EMPTY_PERCENT 25

static bool find_imbalance(const struct line *line, const struct machine_node **full, const struct machine_node **empty)
{
	const struct machine *machine = line->report->now;

	*full = *empty = NULL;
	for (size_t i = 0; i < machine->n_nodes; i++) {
		const struct machine_node *node = &machine->nodes[i];

		if (!named_values_get(&node->memory.bytes, "MemTotal"))
			continue;
		if (!*full || node_free_percent(node) < node_free_percent(*full))
			*full = node;
		if (!*empty || node_free(node) > node_free(*empty))
			*empty = node;
	}
	return *full && *full != *empty && node_free_percent(*full) < NODE_FULL_PERCENT &&
	       node_free_percent(*empty) > NODE_EMPTY_PERCENT;
}

static bool zone_reclaim(struct line *line)
{
	const struct machine_node *full, *empty;
	char size[QUANTITY_SIZE];
	uint64_t mode;

	if (!setting(line, "vm.zone_reclaim_mode", &mode) || !mode || !find_imbalance(line, &full, &empty))
		return false;
	return say(line, "zone_reclaim_mode is %" PRIu64 ": node %d reclaims its cache while node %d has %s free", mode,
	           full->node, empty->node, quantity_words(size, node_free(empty)));
}

static bool imbalance(struct line *line)
{
	const struct machine_node *full, *empty;
	char little[QUANTITY_SIZE], much[QUANTITY_SIZE];
	uint64_t mode;

	if ((setting(line, "vm.zone_reclaim_mode", &mode) && mode) || !find_imbalance(line, &full, &empty))
		return false;
	return say(line,
	           "node %d has %s free and node %d %s: what is bound to node %d, or allocates there, goes to others",
	           full->node, quantity_words(little, node_free(full)), empty->node,
	           quantity_words(much, node_free(empty)), full->node);
}

/* A zone smaller than this share of all memory says little: zone DMA has 16 MiB. */
#define ZONE_SHARE_PERCENT 5

static bool is_large_zone(const struct line *line, const struct zone *zone)
{
	return percent(zone->managed_pages * line->report->now->page_size_bytes, memory(line, "MemTotal")) >=
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
		return say(
		    line, "node %d, zone %s has %s free, below its %s watermark of %s: %s", zone->node, zone->name,
		    quantity_words(free, zone->free_pages * machine->page_size_bytes), below_min ? "min" : "low",
		    quantity_words(mark, (below_min ? zone->min_pages : zone->low_pages) * machine->page_size_bytes),
		    below_min ? "who allocates must reclaim first" : "kswapd reclaims");
	}
	return false;
}

#define RESERVE_PERCENT 3

static bool min_free(struct line *line)
{
	char size[QUANTITY_SIZE];
	uint64_t kbytes, bytes;
	double share;

	if (!setting(line, "vm.min_free_kbytes", &kbytes) || __builtin_mul_overflow(kbytes, 1024, &bytes))
		return false;
	share = percent(bytes, memory(line, "MemTotal"));
	if (share < RESERVE_PERCENT)
		return false;
	return say(line, "min_free_kbytes is %" PRIu64 ": %s, %.1f%% of memory, is kept free for the kernel alone",
	           kbytes, quantity_words(size, bytes), share);
}

/* The kernel's own is 10, of 10,000. */
#define SCALE_FACTOR_LARGE 100

static bool watermark_scale(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t factor, pages = 0;
	char size[QUANTITY_SIZE];

	if (!setting(line, "vm.watermark_scale_factor", &factor) || factor < SCALE_FACTOR_LARGE)
		return false;
	for (size_t i = 0; i < machine->zones.n; i++)
		pages += machine->zones.list[i].managed_pages ? machine->zones.list[i].high_pages : 0;
	return say(line, "watermark_scale_factor is %" PRIu64 ": kswapd, once begun, goes on until %s are free", factor,
	           quantity_words(size, pages * machine->page_size_bytes));
}

static bool swappiness(struct line *line)
{
	uint64_t value;
	char size[QUANTITY_SIZE];

	if (!setting(line, "vm.swappiness", &value) || value || !memory(line, "SwapTotal"))
		return false;
	return say(line, "swappiness is 0: %s of anonymous memory stay until there is almost no cache left to reclaim",
	           quantity_words(size, memory(line, "AnonPages")));
}

#define ANONYMOUS_PERCENT 50

static bool no_swap(struct line *line)
{
	uint64_t anonymous = memory(line, "AnonPages") + memory(line, "Shmem");
	char size[QUANTITY_SIZE];

	if (memory(line, "SwapTotal") || percent(anonymous, memory(line, "MemTotal")) < ANONYMOUS_PERCENT)
		return false;
	return say(line, "there is no swap: %s of anonymous and shared memory, %.0f%% of all, cannot be reclaimed",
	           quantity_words(size, anonymous), percent(anonymous, memory(line, "MemTotal")));
}

#define SWAP_FULL_PERCENT 90

static bool swap_full(struct line *line)
{
	uint64_t total = memory(line, "SwapTotal"), free = memory(line, "SwapFree");
	char size[QUANTITY_SIZE];

	if (!total || percent(total - free, total) < SWAP_FULL_PERCENT)
		return false;
	return say(line, "swap is %.0f%% full: %s are left", percent(total - free, total), quantity_words(size, free));
}

#define COMMIT_PERCENT 90

static bool overcommit(struct line *line)
{
	uint64_t mode, limit = memory(line, "CommitLimit"), used = memory(line, "Committed_AS");
	char taken[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (!setting(line, "vm.overcommit_memory", &mode) || mode != 2)
		return false;
	return say(line, "overcommit_memory is 2: %s of the %s that may be promised are (%.0f%%)%s",
	           quantity_words(taken, used), quantity_words(most, limit), percent(used, limit),
	           percent(used, limit) >= COMMIT_PERCENT ? "; allocations fail though memory is free" : "");
}

static bool promised(struct line *line)
{
	uint64_t mode, total = memory(line, "MemTotal") + memory(line, "SwapTotal"),
	               used = memory(line, "Committed_AS");
	char taken[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (!setting(line, "vm.overcommit_memory", &mode) || mode == 2 || used <= total)
		return false;
	return say(line,
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
	if (percent(bytes, memory(line, "MemTotal")) < HUGE_FREE_PERCENT)
		return false;
	return say(line,
	           "nr_hugepages keeps %" PRIu64
	           " huge pages (%s) that nothing uses or has asked for: no other use can have them",
	           count, quantity_words(size, bytes));
}

static bool dropped(struct line *line)
{
	uint64_t caches = counter(line, "drop_pagecache"), slabs = counter(line, "drop_slab");

	if (!caches && !slabs)
		return false;
	return say(line,
	           "drop_caches was written since boot: %" PRIu64 " time%s for the page cache, %" PRIu64
	           " for slab; caches are small for it",
	           caches, caches == 1 ? "" : "s", slabs);
}

/* Of all memory; on a kernel as it is written they are the same. */
#define TOTAL_PERCENT 1

static bool totals_differ(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t managed = 0, total = memory(line, "MemTotal"), difference;
	char in_zones[QUANTITY_SIZE], in_total[QUANTITY_SIZE];

	for (size_t i = 0; i < machine->zones.n; i++)
		managed += machine->zones.list[i].managed_pages * machine->page_size_bytes;
	difference = total > managed ? total - managed : managed - total;
	if (!managed || percent(difference, total) < TOTAL_PERCENT)
		return false;
	return say(line, "the zones have %s and /proc/meminfo counts %s: memory is plugged in, or out, as it is needed",
	           quantity_words(in_zones, managed), quantity_words(in_total, total));
}

static bool slab_ratio(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t mode, ratio;

	if (!setting(line, "vm.zone_reclaim_mode", &mode) || !mode || !setting(line, "vm.min_slab_ratio", &ratio))
		return false;
	for (size_t i = 0; i < machine->n_nodes; i++) {
		const struct named_values *bytes = &machine->nodes[i].memory.bytes;
		double share = percent(named_values_get(bytes, "SReclaimable"), named_values_get(bytes, "MemTotal"));

		if (share > (double)ratio)
			return say(line,
			           "min_slab_ratio is %" PRIu64 ": node %d's reclaimable slab is %.1f%% of it, so "
			           "allocating there shrinks it",
			           ratio, machine->nodes[i].node, share);
	}
	return false;
}

#define SLAB_PERCENT 10

static bool cache_pressure(struct line *line)
{
	uint64_t pressure, slab = memory(line, "SReclaimable");
	char size[QUANTITY_SIZE];

	if (!setting(line, "vm.vfs_cache_pressure", &pressure) || pressure >= 100 ||
	    percent(slab, memory(line, "MemTotal")) < SLAB_PERCENT)
		return false;
	return say(line, "vfs_cache_pressure is %" PRIu64 ": %s of reclaimable slab, dentries and inodes first, are %s",
	           pressure, quantity_words(size, slab), pressure ? "kept longer than pages" : "never reclaimed");
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

	setting(line, "vm.extfrag_threshold", &threshold);
	for (size_t i = 0; i < machine->zones.n; i++) {
		const struct zone *zone = &machine->zones.list[i];
		int index = line->report->zones[i].fragmentation[order];

		if (order >= zone->n_orders || !is_large_zone(line, zone) || index < 0)
			continue;
		quantity_words(size, zone->free_pages * machine->page_size_bytes);
		if ((uint64_t)index > threshold)
			return say(
			    line,
			    "node %d, zone %s: an order-%u request would fail for fragmentation, not for lack of "
			    "memory (index %.3f, %s free)",
			    zone->node, zone->name, order, index / 1000.0, size);
		return say(line,
		           "node %d, zone %s: an order-%u request would fail for lack of memory (index %.3f, %s free)",
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
			return say(line,
			           "node %d: %.0f pages/s that were meant for it came from other nodes (numa_foreign)",
			           node->node, rate);
	}
	return false;
}

static bool stalled(struct line *line)
{
	const struct machine *machine = line->report->now;

	for (size_t i = 0; i < machine->n_pressures; i++) {
		const struct machine_pressure *pressure = &machine->pressures[i];

		if (!strcmp(pressure->resource, "memory") && pressure->some.known && pressure->some.avg10_bp >= 100)
			return say(line, "tasks waited for memory in %.2f%% of the last 10 s, all of them in %.2f%%",
			           pressure->some.avg10_bp / 100.0, pressure->full.avg10_bp / 100.0);
	}
	return false;
}

static bool direct_reclaim(struct line *line)
{
	double scanned = counter_rate(line, "pgscan_direct"), stolen = counter_rate(line, "pgsteal_direct");

	if (scanned < 1)
		return false;
	return say(line, "who allocates reclaims by itself: %.0f pages/s scanned, %.0f pages/s got", scanned, stolen);
}

static bool killed(struct line *line)
{
	uint64_t kills = counter(line, "oom_kill");

	if (!kills)
		return false;
	return say(line, "the kernel has killed %" PRIu64 " process%s for lack of memory since boot", kills,
	           kills == 1 ? "" : "es");
}

/* Of all memory. */
#define USE_PERCENT 5

static bool large_use(struct line *line, const char *key, const char *what)
{
	uint64_t bytes = machine_use(line->report, key);
	double share = percent(bytes, memory(line, "MemTotal"));
	char size[QUANTITY_SIZE];

	if (share < USE_PERCENT)
		return false;
	return say(line, "%s %s, %.1f%% of memory", what, quantity_words(size, bytes), share);
}

static bool slab_unreclaimable(struct line *line)
{
	return large_use(line, "slab_unreclaimable", "slab that cannot be reclaimed is");
}

static bool page_tables(struct line *line)
{
	return large_use(line, "page_tables", "page tables are");
}

static bool percpu(struct line *line)
{
	return large_use(line, "percpu", "percpu memory is");
}

static bool vmalloc(struct line *line)
{
	const struct machine *machine = line->report->now;
	uint64_t bytes = machine_use(line->report, "vmalloc");
	double share = percent(bytes, memory(line, "MemTotal"));
	char size[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (share < USE_PERCENT || !machine->n_vmalloc)
		return false;
	return say(line, "vmalloc has %s, %.1f%% of memory, most of it by %s (%s)", quantity_words(size, bytes), share,
	           machine->vmalloc[0].caller,
	           quantity_words(most, machine->vmalloc[0].pages * machine->page_size_bytes));
}

static bool unexplained(struct line *line)
{
	int64_t bytes = line->report->unexplained_bytes;
	double share = bytes > 0 ? percent((uint64_t)bytes, memory(line, "MemTotal")) : 0;
	char size[QUANTITY_SIZE];

	if (share < USE_PERCENT)
		return false;
	return say(line,
	           "no process and no cache explains %s, %.1f%% of memory: pages that the kernel or a driver took",
	           quantity_words(size, (uint64_t)bytes), share);
}

static const struct {
	const char *key;
	bool (*found)(struct line *line);
} rows[] = {
    {"totals_differ", totals_differ},
    {"zone_reclaim", zone_reclaim},
    {"node_imbalance", imbalance},
    {"low_watermark", low_watermark},
    {"direct_reclaim", direct_reclaim},
    {"memory_stall", stalled},
    {"oom_kill", killed},
    {"fragmentation", fragmented},
    {"unexplained", unexplained},
    {"slab_unreclaimable", slab_unreclaimable},
    {"page_tables", page_tables},
    {"percpu", percpu},
    {"vmalloc", vmalloc},
    {"min_free", min_free},
    {"watermark_scale", watermark_scale},
    {"min_slab_ratio", slab_ratio},
    {"cache_pressure", cache_pressure},
    {"huge_pages", huge_pages},
    {"overcommit_limit", overcommit},
    {"overcommit", promised},
    {"swappiness", swappiness},
    {"no_swap", no_swap},
    {"swap_full", swap_full},
    {"drop_caches", dropped},
    {"numa_foreign", numa_foreign},
};

static int add(struct machine_report *report, const char *key, const char *text)
{
	struct machine_finding finding = {.key = key, .text = strdup(text)};
	int error = finding.text ? grow_list((void **)&report->findings, report->n_findings, sizeof(finding)) : -ENOMEM;

	if (error) {
		free(finding.text);
		return error;
	}
	report->findings[report->n_findings++] = finding;
	return 0;
}

int machine_findings(struct machine_report *report)
{
	struct line line = {.report = report};
	int error = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !error; i++) {
		if (rows[i].found(&line))
			error = add(report, rows[i].key, line.text);
	}
	return error;
}

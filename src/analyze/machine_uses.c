// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/machine_uses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Up to three of meminfo's fields are added, one is taken off. */
#define PLUS_MAX 3

static uint64_t stack_bytes(const struct machine *machine);
static uint64_t vmalloc_bytes(const struct machine *machine);
static uint64_t cpu_list_bytes(const struct machine *machine);
static uint64_t counted_pages_bytes(const struct machine *machine);

// clang-format off
static const struct {
	const char *key, *label;
	const char *plus[PLUS_MAX], *minus; /* fields of /proc/meminfo */
	uint64_t (*bytes)(const struct machine *machine); /* in place of them */
} kinds[] = {
	{.key = "free", .label = "free", .plus = {"MemFree"}},
	{.key = "anonymous", .label = "anonymous", .plus = {"AnonPages"}},
	/* Cached has shared memory in it: its pages are files of tmpfs. */
	{.key = "page_cache", .label = "page cache", .plus = {"Cached", "Buffers"}, .minus = "Shmem"},
	{.key = "shared", .label = "shared memory", .plus = {"Shmem"}},
	{.key = "swap_cache", .label = "swap cache", .plus = {"SwapCached"}},
	{.key = "slab_reclaimable", .label = "slab, reclaim.", .plus = {"SReclaimable"}},
	{.key = "slab_unreclaimable", .label = "slab, fixed", .plus = {"SUnreclaim"}},
	/* Other pages that shrinkers give back. */
	{.key = "misc_reclaimable", .label = "other reclaim.", .plus = {"KReclaimable"}, .minus = "SReclaimable"},
	{.key = "kernel_stacks", .label = "kernel stacks", .bytes = stack_bytes},
	{.key = "page_tables", .label = "page tables", .plus = {"PageTables", "SecPageTables"}},
	{.key = "percpu", .label = "percpu", .plus = {"Percpu"}},
	{.key = "huge_pages", .label = "huge pages", .plus = {"Hugetlb"}},
	{.key = "vmalloc", .label = "vmalloc", .bytes = vmalloc_bytes},
	{.key = "zswap_zram", .label = "zswap, zram", .bytes = counted_pages_bytes},
	{.key = "bounce", .label = "bounce", .plus = {"Bounce"}},
	{.key = "balloon", .label = "balloon", .plus = {"Balloon"}},
	{.key = "gpu", .label = "GPU", .plus = {"GPUActive", "GPUReclaim"}},
	{.key = "cpu_lists", .label = "CPUs' free lists", .bytes = cpu_list_bytes},
};
// clang-format on

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Those of tasks, with those that are kept for new ones, which vmalloc alone counts. */
static uint64_t stack_bytes(const struct machine *machine)
{
	uint64_t of_tasks = named_values_get(&machine->memory.bytes, "KernelStack");
	uint64_t all = machine->vmalloc_stack_pages * machine->page_size_bytes;

	return all > of_tasks ? all : of_tasks;
}

/* Kernel stacks are vmalloc's too (CONFIG_VMAP_STACK), and have a kind of their own. */
static uint64_t vmalloc_bytes(const struct machine *machine)
{
	uint64_t used = named_values_get(&machine->memory.bytes, "VmallocUsed");
	uint64_t stacks = machine->vmalloc_known ? machine->vmalloc_stack_pages * machine->page_size_bytes
	                                         : named_values_get(&machine->memory.bytes, "KernelStack");

	return used > stacks ? used - stacks : 0;
}

static uint64_t cpu_list_bytes(const struct machine *machine)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < machine->zones.n; i++)
		pages += machine->zones.list[i].cpu_pages;
	return pages * machine->page_size_bytes;
}

/* zsmalloc's pages, behind zram and zswap. */
static uint64_t counted_pages_bytes(const struct machine *machine)
{
	return named_values_get(&machine->counters, "nr_zspages") * machine->page_size_bytes;
}

static uint64_t kind_bytes(const struct machine *machine, size_t kind)
{
	uint64_t plus = 0, minus = 0;

	if (kinds[kind].bytes)
		return kinds[kind].bytes(machine);
	for (int i = 0; i < PLUS_MAX && kinds[kind].plus[i]; i++)
		plus += named_values_get(&machine->memory.bytes, kinds[kind].plus[i]);
	if (kinds[kind].minus)
		minus = named_values_get(&machine->memory.bytes, kinds[kind].minus);
	return plus > minus ? plus - minus : 0;
}

int machine_uses(struct machine_report *report)
{
	uint64_t sum = 0;

	report->uses = calloc(KINDS, sizeof(*report->uses));
	if (!report->uses)
		return -ENOMEM;
	report->n_uses = KINDS;
	for (size_t i = 0; i < KINDS; i++) {
		report->uses[i] = (struct machine_use){
		    .key = kinds[i].key, .label = kinds[i].label, .bytes = kind_bytes(report->now, i)};
		sum += report->uses[i].bytes;
	}
	report->unexplained_bytes = (int64_t)(named_values_get(&report->now->memory.bytes, "MemTotal") - sum);
	return 0;
}

uint64_t machine_use(const struct machine_report *report, const char *key)
{
	for (size_t i = 0; i < report->n_uses; i++) {
		if (!strcmp(report->uses[i].key, key))
			return report->uses[i].bytes;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What the state of all memory tells. */
#include <inttypes.h>
#include <string.h>

#include "analyze/finding_rows.h"
#include "analyze/machine_uses.h"
#include "util/quantity.h"

#define ANONYMOUS_PERCENT 50

static bool no_swap(struct line *line)
{
	uint64_t anonymous = line_memory(line, "AnonPages") + line_memory(line, "Shmem");
	char size[QUANTITY_SIZE];

	if (line_memory(line, "SwapTotal") || percent_of(anonymous, line_memory(line, "MemTotal")) < ANONYMOUS_PERCENT)
		return false;
	return line_say(line, "there is no swap: %s of anonymous and shared memory, %.0f%% of all, cannot be reclaimed",
	                quantity_words(size, anonymous), percent_of(anonymous, line_memory(line, "MemTotal")));
}

#define SWAP_FULL_PERCENT 90

static bool swap_full(struct line *line)
{
	uint64_t total = line_memory(line, "SwapTotal"), free = line_memory(line, "SwapFree");
	char size[QUANTITY_SIZE];

	if (!total || percent_of(total - free, total) < SWAP_FULL_PERCENT)
		return false;
	return line_say(line, "swap is %.0f%% full: %s are left", percent_of(total - free, total),
	                quantity_words(size, free));
}

static bool stalled(struct line *line)
{
	const struct machine *machine = line->report->now;

	for (size_t i = 0; i < machine->n_pressures; i++) {
		const struct machine_pressure *pressure = &machine->pressures[i];

		if (!strcmp(pressure->resource, "memory") && pressure->some.known && pressure->some.avg10_bp >= 100)
			return line_say(line,
			                "tasks waited for memory in %.2f%% of the last 10 s, all of them in %.2f%%",
			                pressure->some.avg10_bp / 100.0, pressure->full.avg10_bp / 100.0);
	}
	return false;
}

static bool direct_reclaim(struct line *line)
{
	double scanned = line_rate(line, "pgscan_direct"), stolen = line_rate(line, "pgsteal_direct");

	if (scanned < 1)
		return false;
	return line_say(line, "who allocates reclaims by itself: %.0f pages/s scanned, %.0f pages/s got", scanned,
	                stolen);
}

static bool killed(struct line *line)
{
	uint64_t kills = line_counter(line, "oom_kill");

	if (!kills)
		return false;
	return line_say(line, "the kernel has killed %" PRIu64 " process%s for lack of memory since boot", kills,
	                kills == 1 ? "" : "es");
}

/* Of all memory. */
#define USE_PERCENT 5

static bool large_use(struct line *line, const char *key, const char *what)
{
	uint64_t bytes = machine_use(line->report, key);
	double share = percent_of(bytes, line_memory(line, "MemTotal"));
	char size[QUANTITY_SIZE];

	if (share < USE_PERCENT)
		return false;
	return line_say(line, "%s %s, %.1f%% of memory", what, quantity_words(size, bytes), share);
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
	double share = percent_of(bytes, line_memory(line, "MemTotal"));
	char size[QUANTITY_SIZE], most[QUANTITY_SIZE];

	if (share < USE_PERCENT || !machine->n_vmalloc)
		return false;
	return line_say(line, "vmalloc has %s, %.1f%% of memory, most of it by %s (%s)", quantity_words(size, bytes),
	                share, machine->vmalloc[0].caller,
	                quantity_words(most, machine->vmalloc[0].pages * machine->page_size_bytes));
}

static bool unexplained(struct line *line)
{
	int64_t bytes = line->report->unexplained_bytes;
	double share = bytes > 0 ? percent_of((uint64_t)bytes, line_memory(line, "MemTotal")) : 0;
	char size[QUANTITY_SIZE];

	if (share < USE_PERCENT)
		return false;
	return line_say(line,
	                "no process and no cache explains %s, %.1f%% of memory: pages that the kernel or a driver took",
	                quantity_words(size, (uint64_t)bytes), share);
}

const struct finding_row finding_rows_state[] = {
    {"direct_reclaim", direct_reclaim},
    {"memory_stall", stalled},
    {"oom_kill", killed},
    {"no_swap", no_swap},
    {"swap_full", swap_full},
    {"unexplained", unexplained},
    {"slab_unreclaimable", slab_unreclaimable},
    {"page_tables", page_tables},
    {"percpu", percpu},
    {"vmalloc", vmalloc},
    {NULL, NULL},
};

// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of slab caches, huge pages, swap and pressure, and processes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/machine_text.h"
#include "util/quantity.h"

#define CACHE_COLUMN 36
#define COLUMN 9
/* Three lists beside each other. */
#define LIST_COLUMN 32
#define PID_COLUMN 8
#define PROCESS_NAME 15

/* " +14.0M" */
static void write_growth(const struct sheet *sheet, const struct machine_report *report, int64_t bytes)
{
	double rate = 60 * machine_report_rate(report, bytes);
	char text[QUANTITY_SIZE], column[QUANTITY_SIZE + 1];

	snprintf(column, sizeof(column), "%s%s",
	         rate > 0   ? "+"
	         : rate < 0 ? "-"
	                    : "",
	         quantity_bytes(text, quantity_of(rate < 0 ? -rate : rate)));
	fprintf(sheet->out, "%*s", COLUMN + 3, column);
}

static void write_aliases(const struct sheet *sheet, const struct slab_cache *cache)
{
	char *text = NULL;
	size_t size;
	FILE *line;

	if (!cache->n_aliases || !(line = open_memstream(&text, &size)))
		return;
	fputs("also ", line);
	for (size_t i = 0; i < cache->n_aliases; i++)
		fprintf(line, "%s%s", i ? ", " : "", cache->aliases[i]);
	fclose(line);
	sheet_words(sheet, 0, 4, text);
	free(text);
}

static void write_cache(const struct sheet *sheet, const struct machine_report *report,
                        const struct machine_slab_row *row)
{
	const struct slab_cache *cache = row->cache;

	fputs("  ", sheet->out);
	sheet_name(sheet, CACHE_COLUMN - 2, cache->name);
	sheet_bytes(sheet, COLUMN, row->bytes);
	sheet_count(sheet, COLUMN, cache->objects);
	sheet_count(sheet, COLUMN, cache->active_objects);
	fprintf(sheet->out, "%*.0f%%", COLUMN - 1,
	        cache->objects ? 100.0 * (double)cache->active_objects / (double)cache->objects : 0);
	sheet_count(sheet, COLUMN, cache->slot_size_bytes);
	if (row->growth_known)
		write_growth(sheet, report, row->growth_bytes);
	fputc('\n', sheet->out);
	write_aliases(sheet, cache);
}

void machine_text_slabs(const struct sheet *sheet, const struct machine_report *report, size_t top)
{
	size_t n = top && top < report->n_slabs ? top : report->n_slabs;
	char title[64];

	if (!report->n_slabs)
		return;
	snprintf(title, sizeof(title), "Slab caches: %zu of %zu", n, report->n_slabs);
	sheet_heading(sheet, "%-*s%*s%*s%*s%*s%*s%s", CACHE_COLUMN, title, COLUMN, "size", COLUMN, "objects", COLUMN,
	              "in use", COLUMN, "used", COLUMN, "each", report->before ? "  growth/min" : "");
	for (size_t i = 0; i < n; i++)
		write_cache(sheet, report, &report->slabs[i]);
	fprintf(sheet->out, "  %-*s", CACHE_COLUMN - 2, "in no cache: large kmallocs");
	sheet_bytes(sheet, COLUMN, report->slab_outside_bytes);
	fputc('\n', sheet->out);
}

static void write_huge_row(const struct sheet *sheet, const struct machine_huge *huge)
{
	char size[QUANTITY_SIZE], place[24] = "all nodes";

	if (huge->node >= 0)
		snprintf(place, sizeof(place), "node %d", huge->node);
	fprintf(sheet->out, "  %-8s%-14s", quantity_bytes(size, huge->size_bytes), place);
	sheet_count(sheet, COLUMN, named_values_get(&huge->pages, "nr_hugepages"));
	sheet_count(sheet, COLUMN, named_values_get(&huge->pages, "free_hugepages"));
	/* A node knows neither. */
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "nr_overcommit_hugepages" : "resv_hugepages";

		if (named_values_find(&huge->pages, name))
			sheet_count(sheet, COLUMN + 2, named_values_get(&huge->pages, name));
		else
			fprintf(sheet->out, "%*s", COLUMN + 2, "-");
	}
	sheet_count(sheet, COLUMN, named_values_get(&huge->pages, "surplus_hugepages"));
	fputc('\n', sheet->out);
}

/* Of no use: sizes of which there are no pages, and on a single node what all have. */
static bool is_shown(const struct machine *machine, const struct machine_huge *huge)
{
	if (huge->node >= 0 && machine->n_nodes < 2)
		return false;
	return named_values_get(&huge->pages, "nr_hugepages") ||
	       named_values_get(&huge->pages, "nr_overcommit_hugepages");
}

/* "3 faults got one, 1 did not": since boot. */
static void write_transparent(const struct sheet *sheet, const struct machine_report *report)
{
	const struct machine *machine = report->now;
	const char *enabled = machine_setting(machine, "transparent_hugepage.enabled");
	const struct named_values *bytes = &machine->memory.bytes;
	char anonymous[QUANTITY_SIZE], shared[QUANTITY_SIZE], file[QUANTITY_SIZE], *text;

	if (!enabled)
		return;
	if (asprintf(&text,
	             "transparent: %s; anonymous %s, shared %s, file %s; %" PRIu64 " faults got one, %" PRIu64
	             " could not",
	             enabled, quantity_bytes(anonymous, named_values_get(bytes, "AnonHugePages")),
	             quantity_bytes(shared, named_values_get(bytes, "ShmemHugePages")),
	             quantity_bytes(file, named_values_get(bytes, "FileHugePages")),
	             named_values_get(&machine->counters, "thp_fault_alloc"),
	             named_values_get(&machine->counters, "thp_fault_fallback")) < 0)
		return;
	sheet_words(sheet, 0, 2, text);
	free(text);
}

/* Sizes of transparent huge pages in use beside the largest: "64K 12, 128K 3". */
static void write_transparent_sizes(const struct sheet *sheet, const struct machine *machine)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	for (size_t i = 0; i < machine->n_transparent; i++) {
		uint64_t pages = named_values_get(&machine->transparent[i].counters, "nr_anon");
		char each[QUANTITY_SIZE];

		if (pages)
			fprintf(line, "%s%" PRIu64 " of %s", n++ ? ", " : "anonymous ones by size: ", pages,
			        quantity_bytes(each, machine->transparent[i].size_bytes));
	}
	fclose(line);
	if (n)
		sheet_words(sheet, 0, 2, text);
	free(text);
}

void machine_text_huge(const struct sheet *sheet, const struct machine_report *report)
{
	const struct machine *machine = report->now;
	bool any = false;

	for (size_t i = 0; i < machine->n_huge; i++)
		any |= is_shown(machine, &machine->huge[i]);
	if (any)
		sheet_heading(sheet, "%-24s%*s%*s%*s%*s%*s", "Huge pages", COLUMN, "pages", COLUMN, "free", COLUMN + 2,
		              "reserved", COLUMN + 2, "beyond", COLUMN, "surplus");
	else
		sheet_heading(sheet, "Huge pages: none are set aside");
	for (size_t i = 0; i < machine->n_huge; i++) {
		if (is_shown(machine, &machine->huge[i]))
			write_huge_row(sheet, &machine->huge[i]);
	}
	write_transparent(sheet, report);
	write_transparent_sizes(sheet, machine);
}

/* Counters of events in pages, and what they are called in their line. */
static const struct {
	const char *name, *title;
} events[] = {
    {"pswpin", "swapped in"},
    {"pswpout", "swapped out"},
    {"pgfault", "faults"},
    {"pgmajfault", "major faults"},
    {"pgscan_kswapd", "scanned by kswapd"},
    {"pgsteal_kswapd", "reclaimed by kswapd"},
    {"pgscan_direct", "scanned directly"},
    {"pgsteal_direct", "reclaimed directly"},
    {"compact_stall", "compaction stalls"},
    {"oom_kill", "killed for memory"},
};

static void write_events(const struct sheet *sheet, const struct machine_report *report)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char total[QUANTITY_SIZE], rate[QUANTITY_SIZE];
		int64_t change;

		if (!named_values_get(&report->now->counters, events[i].name))
			continue;
		quantity_count(total, named_values_get(&report->now->counters, events[i].name));
		fprintf(line, "%s%s %s", n++ ? ",  " : "", events[i].title, total);
		if (!report->before)
			continue;
		change = named_values_change(&report->before->counters, &report->now->counters, events[i].name);
		fprintf(line, " (%s/s)", quantity_count(rate, quantity_of(machine_report_rate(report, change))));
	}
	fclose(line);
	if (n)
		sheet_words(sheet, 0, 2, text);
	free(text);
}

static void write_swaps(const struct sheet *sheet, const struct machine *machine)
{
	for (size_t i = 0; i < machine->n_swaps; i++) {
		const struct machine_swap *swap = &machine->swaps[i];
		char used[QUANTITY_SIZE], size[QUANTITY_SIZE], *text;

		if (asprintf(&text, "%s (%s, priority %d): %s of %s used", swap->path, swap->type, swap->priority,
		             quantity_words(used, swap->used_bytes), quantity_words(size, swap->size_bytes)) < 0)
			return;
		sheet_words(sheet, 0, 2, text);
		free(text);
	}
}

static void write_stall(const struct sheet *sheet, const struct machine_stall *stall)
{
	if (stall->known)
		fprintf(sheet->out, "  %7.2f%% %7.2f%% %7.2f%%", stall->avg10_bp / 100.0, stall->avg60_bp / 100.0,
		        stall->avg300_bp / 100.0);
	else
		fprintf(sheet->out, "  %8s %8s %8s", "-", "-", "-");
}

static void write_pressure(const struct sheet *sheet, const struct machine *machine)
{
	if (machine->n_pressures)
		sheet_heading(sheet, "%-10s  %8s %8s %8s  %8s %8s %8s", "Pressure", "10 s", "60 s", "300 s", "all 10 s",
		              "60 s", "300 s");
	for (size_t i = 0; i < machine->n_pressures; i++) {
		fprintf(sheet->out, "  %-8s", machine->pressures[i].resource);
		write_stall(sheet, &machine->pressures[i].some);
		write_stall(sheet, &machine->pressures[i].full);
		fputc('\n', sheet->out);
	}
}

void machine_text_activity(const struct sheet *sheet, const struct machine_report *report)
{
	const struct named_values *bytes = &report->now->memory.bytes;
	uint64_t total = named_values_get(bytes, "SwapTotal"), free = named_values_get(bytes, "SwapFree");
	char swap[QUANTITY_SIZE], used[QUANTITY_SIZE], promised[QUANTITY_SIZE], limit[QUANTITY_SIZE];

	quantity_words(promised, named_values_get(bytes, "Committed_AS"));
	quantity_words(limit, named_values_get(bytes, "CommitLimit"));
	if (total)
		sheet_heading(sheet, "Swap: %s of %s used; %s promised, limit %s",
		              quantity_words(used, total > free ? total - free : 0), quantity_words(swap, total),
		              promised, limit);
	else
		sheet_heading(sheet, "Swap: none; %s promised, limit %s", promised, limit);
	write_swaps(sheet, report->now);
	write_events(sheet, report);
	write_pressure(sheet, report->now);
}

/* One of the lists that stand beside each other. */
struct list {
	const char *title;
	const struct machine_process *const *processes;
	size_t n;
	size_t offset; /* of its amount in struct machine_process */
};

static void write_process(const struct sheet *sheet, const struct list *list, size_t i, bool last)
{
	const struct machine_process *process;
	uint64_t bytes;

	if (i >= list->n) {
		fprintf(sheet->out, "%*s", last ? 0 : LIST_COLUMN, "");
		return;
	}
	process = list->processes[i];
	memcpy(&bytes, (const char *)process + list->offset, sizeof(bytes));
	fprintf(sheet->out, "  %*d ", PID_COLUMN - 1, process->pid);
	sheet_name(sheet, PROCESS_NAME, process->name);
	sheet_bytes(sheet, LIST_COLUMN - PID_COLUMN - PROCESS_NAME - 2, bytes);
}

void machine_text_processes(const struct sheet *sheet, const struct machine_report *report)
{
	const struct list all[] = {
	    {"resident", report->by_rss, report->n_by_rss, offsetof(struct machine_process, rss_bytes)},
	    {"page tables", report->by_page_tables, report->n_by_page_tables,
	     offsetof(struct machine_process, page_table_bytes)},
	    {"swapped", report->by_swap, report->n_by_swap, offsetof(struct machine_process, swap_bytes)},
	};
	struct list lists[3];
	char heading[SHEET_COLUMNS + 1] = "";
	size_t n = 0, rows = 0;
	int length = 0;

	for (size_t i = 0; i < 3; i++) {
		if (!all[i].n)
			continue;
		lists[n++] = all[i];
		rows = all[i].n > rows ? all[i].n : rows;
		length += snprintf(heading + length, sizeof(heading) - (size_t)length, "%-*s%*s",
		                   n == 1 ? PID_COLUMN + 2 : 0, n == 1 ? "Processes" : "",
		                   n == 1 ? LIST_COLUMN - PID_COLUMN - 2 : LIST_COLUMN, all[i].title);
	}
	if (!n)
		return;
	sheet_heading(sheet, "%s", heading);
	for (size_t i = 0; i < rows; i++) {
		for (size_t j = 0; j < n; j++)
			write_process(sheet, &lists[j], i, j + 1 == n);
		fputc('\n', sheet->out);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a machine's memory is, for people: a table each, and what they explain. */
#include "report/machine_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/clock.h"
#include "report/stream.h"
#include "util/escape.h"
#include "util/quantity.h"

/* The table of uses: so many beside each other, each with a label and an amount. */
#define USES_PER_LINE 4
#define USE_LABEL 16
#define USE_AMOUNT 7
/* Of a setting's value this much is shown. */
#define SETTING_VALUE 48

/* The settings that bear on where memory is, in the order in which they are shown. */
static const char *const shown_settings[] = {
    "vm.min_free_kbytes",
    "vm.watermark_scale_factor",
    "vm.watermark_boost_factor",
    "vm.zone_reclaim_mode",
    "vm.min_slab_ratio",
    "vm.min_unmapped_ratio",
    "vm.lowmem_reserve_ratio",
    "vm.swappiness",
    "vm.vfs_cache_pressure",
    "vm.overcommit_memory",
    "vm.overcommit_ratio",
    "vm.overcommit_kbytes",
    "vm.nr_hugepages",
    "vm.nr_overcommit_hugepages",
    "vm.drop_caches",
    "vm.dirty_ratio",
    "vm.dirty_background_ratio",
    "vm.compaction_proactiveness",
    "vm.defrag_mode",
    "vm.extfrag_threshold",
    "vm.percpu_pagelist_high_fraction",
    "kernel.numa_balancing",
    "numa.demotion_enabled",
    "ksm.run",
    "transparent_hugepage.enabled",
    "transparent_hugepage.defrag",
    "transparent_hugepage.shmem_enabled",
};

static void write_head(const struct sheet *sheet, const struct machine_report *report, bool utc)
{
	const struct machine *now = report->now;
	char time[CLOCK_SIZE], total[QUANTITY_SIZE], available[QUANTITY_SIZE], drift[QUANTITY_SIZE];
	uint64_t moved = now->drift_bytes < 0 ? -(uint64_t)now->drift_bytes : (uint64_t)now->drift_bytes;

	clock_time(time, now->time_unix_ns, utc);
	sheet_heading(sheet, "[%s] Memory of this machine: %s, %s available", time,
	              quantity_words(total, named_values_get(&now->memory.bytes, "MemTotal")),
	              quantity_words(available, named_values_get(&now->memory.bytes, "MemAvailable")));
	if (now->release) {
		fputs("  Linux ", sheet->out);
		sheet_words(sheet, 8, 8, now->release);
	}
	fprintf(sheet->out, "  %zu %s; read in %.1f ms", now->n_nodes, now->n_nodes == 1 ? "node" : "nodes",
	        (double)now->read_ns / 1e6);
	if (moved)
		fprintf(sheet->out, ", in which free memory %s by %s", now->drift_bytes < 0 ? "fell" : "rose",
		        quantity_words(drift, moved));
	if (report->before)
		fprintf(sheet->out, "; rates of the last %.1f s", (double)report->interval_ns / 1e9);
	fputc('\n', sheet->out);
}

static void write_uses(const struct sheet *sheet, const struct machine_report *report)
{
	uint64_t total = named_values_get(&report->now->memory.bytes, "MemTotal");
	int64_t left = report->unexplained_bytes;
	char amount[QUANTITY_SIZE];
	int written = 0;

	sheet_heading(sheet, "Where it is");
	for (size_t i = 0; i < report->n_uses; i++) {
		/* A machine has most, but not all of the kinds. */
		if (!report->uses[i].bytes)
			continue;
		fprintf(sheet->out, "%s%-*s", written % USES_PER_LINE ? " " : "  ", USE_LABEL, report->uses[i].label);
		sheet_bytes(sheet, USE_AMOUNT, report->uses[i].bytes);
		if (++written % USES_PER_LINE == 0)
			fputc('\n', sheet->out);
	}
	if (written % USES_PER_LINE)
		fputc('\n', sheet->out);
	if (left >= 0)
		fprintf(sheet->out, "  no process and no cache explains %s (%.1f%%)\n",
		        quantity_words(amount, (uint64_t)left), total ? 100.0 * (double)left / (double)total : 0);
	else
		fprintf(sheet->out, "  counted twice, or moved while it was read: %s\n",
		        quantity_words(amount, -(uint64_t)left));
}

/* "swappiness=60  zone_reclaim_mode=0 …", in as many lines as it takes. */
static void write_settings(const struct sheet *sheet, const struct machine *machine)
{
	int column = 0;

	if (!machine->n_settings)
		return;
	sheet_heading(sheet, "Settings");
	for (size_t i = 0; i < sizeof(shown_settings) / sizeof(shown_settings[0]); i++) {
		const char *name = shown_settings[i], *value = machine_setting(machine, name);
		char escaped[SETTING_VALUE], item[SHEET_COLUMNS];
		int length;

		if (!value)
			continue;
		escape_copy(escaped, sizeof(escaped), value);
		length = snprintf(item, sizeof(item), "  %s=%s", strncmp(name, "vm.", 3) ? name : name + 3, escaped);
		if (column + length > SHEET_COLUMNS) {
			fputc('\n', sheet->out);
			column = 0;
		}
		column += fprintf(sheet->out, "%s", item);
	}
	fputc('\n', sheet->out);
}

static void write_findings(const struct sheet *sheet, const struct machine_report *report)
{
	if (report->n_findings)
		sheet_heading(sheet, "What this explains");
	for (size_t i = 0; i < report->n_findings; i++) {
		fputs("  - ", sheet->out);
		sheet_words(sheet, 4, 4, report->findings[i].text);
	}
}

static void write_next(const struct sheet *sheet, const struct machine_report *report)
{
	if (report->n_next)
		sheet_heading(sheet, "Where to look next");
	for (size_t i = 0; i < report->n_next; i++) {
		char *text;

		if (asprintf(&text, "%s: %s", report->next[i].why, report->next[i].command) < 0)
			return;
		sheet_words(sheet, 0, 2, text);
		free(text);
	}
}

static void write_missing(const struct sheet *sheet, const struct machine *machine)
{
	if (machine->n_missing)
		sheet_heading(sheet, "Not read");
	for (size_t i = 0; i < machine->n_missing; i++) {
		char *text;

		if (asprintf(&text, "%s: %s", machine->missing[i].path, strerror(-machine->missing[i].error)) < 0)
			return;
		sheet_words(sheet, 0, 2, text);
		free(text);
	}
}

int machine_text(FILE *out, const struct machine_report *report, const struct render_options *options)
{
	const struct sheet sheet = {.out = out, .colour = options->colour};

	write_head(&sheet, report, options->utc);
	write_uses(&sheet, report);
	machine_text_nodes(&sheet, report);
	machine_text_zones(&sheet, report);
	machine_text_slabs(&sheet, report, options->top);
	machine_text_huge(&sheet, report);
	machine_text_activity(&sheet, report);
	machine_text_processes(&sheet, report);
	write_settings(&sheet, report->now);
	write_findings(&sheet, report);
	write_next(&sheet, report);
	write_missing(&sheet, report->now);
	return stream_finish(out);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of a machine: whatever is in them, each parser gives a machine that can be reported on,
 * with no line too wide.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/machine_report.h"
#include "machine/meminfo.h"
#include "machine/pressure.h"
#include "machine/processes.h"
#include "machine/slabinfo.h"
#include "machine/swaps.h"
#include "machine/vmallocinfo.h"
#include "machine/vmstat.h"
#include "machine/zoneinfo.h"
#include "report/renderer.h"
#include "report/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void slab_node(void *context, int node, uint64_t value)
{
	(void)value;
	if (node < 0 || node > 1023)
		abort();
	++*(size_t *)context;
}

static void add_pressure(const char *text, struct machine *machine)
{
	machine->pressures = calloc(1, sizeof(*machine->pressures));
	machine->pressures[0].resource = "memory";
	machine->n_pressures = 1;
	pressure_parse(text, &machine->pressures[0]);
	if (machine->pressures[0].some.known && machine->pressures[0].some.avg10_bp > 10099)
		abort();
}

static void add_process(const char *text, struct machine *machine)
{
	struct machine_process process;

	if (!process_parse(text, &process))
		return;
	machine->processes = malloc(sizeof(process));
	machine->processes[0] = process;
	machine->n_processes = 1;
	machine->processes_known = true;
}

static void add_node(const char *text, struct machine *machine)
{
	machine->nodes = calloc(1, sizeof(*machine->nodes));
	machine->n_nodes = 1;
	meminfo_parse(text, &machine->nodes[0].memory);
}

/* The letter that an input begins with says whose file follows. */
static void parse(char whose, const char *text, struct machine *machine)
{
	size_t seen = 0;

	switch (whose) {
	case 's':
		slabinfo_parse(text, &machine->slabs);
		break;
	case 'o':
		slabinfo_parse_nodes(text, slab_node, &seen);
		break;
	case 'z':
		zoneinfo_parse(text, &machine->zones);
		buddyinfo_parse(text, &machine->zones);
		break;
	case 'm':
		meminfo_parse(text, &machine->memory);
		break;
	case 'n':
		add_node(text, machine);
		break;
	case 'c':
		vmstat_parse(text, &machine->counters);
		break;
	case 'w':
		swaps_parse(text, machine);
		break;
	case 'p':
		add_pressure(text, machine);
		break;
	case 'v':
		vmallocinfo_parse(text, machine);
		break;
	case 't':
		add_process(text, machine);
		break;
	default:
		break;
	}
}

static void check_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
		if (width > SHEET_COLUMNS)
			abort();
	}
}

static void write_reports(const struct machine *machine)
{
	const struct render_options options = {.utc = true};
	struct machine_report *report;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (machine_report_new(machine, machine, 0, &report))
		abort();
	if (text_renderer.machine(out, report, &options))
		abort();
	fclose(out);
	check_width(text);
	free(text);
	out = open_memstream(&text, &size);
	if (json_renderer.machine(out, report, &options))
		abort();
	fclose(out);
	free(text);
	machine_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	char *text = size ? strndup((const char *)data + 1, size - 1) : strdup("");

	machine->page_size_bytes = 4096;
	parse(size ? (char)data[0] : 0, text, machine);
	write_reports(machine);
	free(text);
	machine_free(machine);
	return 0;
}

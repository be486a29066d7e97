// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of nodes and of zones. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/machine_text.h"
#include "util/quantity.h"

#define NODE_COLUMN 8
#define COLUMN 8
#define NUMA_TOTAL 9
#define NUMA_RATE 9
#define ZONE_COLUMN 16
/* More orders than this have no room; no kernel's blocks are of as many. */
#define ORDERS_SHOWN 21

/* What a node's memory is used for, by the fields of its meminfo. */
static const struct {
	const char *title, *plus, *also, *minus;
} node_columns[] = {
    {"size", "MemTotal", NULL, NULL},
    {"free", "MemFree", NULL, NULL},
    {"anon", "AnonPages", NULL, NULL},
    {"file", "FilePages", NULL, "Shmem"},
    {"shared", "Shmem", NULL, NULL},
    {"slab-r", "SReclaimable", NULL, NULL},
    {"slab-u", "SUnreclaim", NULL, NULL},
    {"stacks", "KernelStack", NULL, NULL},
    {"tables", "PageTables", "SecPageTables", NULL},
};

#define NODE_COLUMNS (sizeof(node_columns) / sizeof(node_columns[0]))

static uint64_t node_value(const struct machine_node *node, size_t column)
{
	const struct named_values *bytes = &node->memory.bytes;
	uint64_t plus = named_values_get(bytes, node_columns[column].plus), minus = 0;

	if (node_columns[column].also)
		plus += named_values_get(bytes, node_columns[column].also);
	if (node_columns[column].minus)
		minus = named_values_get(bytes, node_columns[column].minus);
	return plus > minus ? plus - minus : 0;
}

static uint64_t node_huge_bytes(const struct machine *machine, int node)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < machine->n_huge; i++) {
		if (machine->huge[i].node == node)
			bytes +=
			    named_values_get(&machine->huge[i].pages, "nr_hugepages") * machine->huge[i].size_bytes;
	}
	return bytes;
}

/* "node 0 has CPUs 0-3; distances 10 21" */
static void write_place(const struct sheet *sheet, const struct machine_node *node)
{
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	fprintf(line, "node %d: ", node->node);
	if (node->cpus)
		fprintf(line, "%s%s", node->cpus[0] ? "CPUs " : "no CPUs", node->cpus);
	for (size_t i = 0; i < node->n_distances; i++)
		fprintf(line, "%s%" PRIu64, i ? " " : ";  distances ", node->distances[i]);
	fclose(line);
	sheet_words(sheet, 0, 2, text);
	free(text);
}

static void write_numa_rate(const struct sheet *sheet, const struct machine_report *report,
                            const struct machine_node *node, const char *name)
{
	const struct machine_node *before = machine_report_node_before(report, node->node);
	double rate = before ? machine_report_rate(report, named_values_change(&before->numa, &node->numa, name)) : 0;
	char text[QUANTITY_SIZE], column[QUANTITY_SIZE + 4];

	if (!report->before)
		return;
	snprintf(column, sizeof(column), "+%s/s", quantity_count(text, quantity_of(rate)));
	fprintf(sheet->out, "%*s", NUMA_RATE, column);
}

/* The kernel's names, and what they are called in the table. */
static const struct {
	const char *name, *title;
} numa_columns[] = {
    {"numa_hit", "hit"},     {"numa_miss", "miss"},   {"numa_foreign", "foreign"},
    {"local_node", "local"}, {"other_node", "other"},
};

static void write_numa(const struct sheet *sheet, const struct machine_report *report)
{
	const struct machine *machine = report->now;
	char heading[SHEET_COLUMNS + 1];
	int length = snprintf(heading, sizeof(heading), "%-*s", NODE_COLUMN, "NUMA");

	for (size_t i = 0; i < sizeof(numa_columns) / sizeof(numa_columns[0]); i++)
		length += snprintf(heading + length, sizeof(heading) - (size_t)length, "%*s%*s", NUMA_TOTAL,
		                   numa_columns[i].title, report->before ? NUMA_RATE : 0, "");
	sheet_heading(sheet, "%s", heading);
	for (size_t i = 0; i < machine->n_nodes; i++) {
		const struct machine_node *node = &machine->nodes[i];

		fprintf(sheet->out, "  %-*d", NODE_COLUMN - 2, node->node);
		for (size_t j = 0; j < sizeof(numa_columns) / sizeof(numa_columns[0]); j++) {
			sheet_count(sheet, NUMA_TOTAL, named_values_get(&node->numa, numa_columns[j].name));
			write_numa_rate(sheet, report, node, numa_columns[j].name);
		}
		fputc('\n', sheet->out);
	}
}

void machine_text_nodes(const struct sheet *sheet, const struct machine_report *report)
{
	const struct machine *machine = report->now;
	char heading[SHEET_COLUMNS + 1];
	int length = snprintf(heading, sizeof(heading), "%-*s", NODE_COLUMN, "Nodes");

	if (!machine->n_nodes)
		return;
	for (size_t i = 0; i < NODE_COLUMNS; i++)
		length +=
		    snprintf(heading + length, sizeof(heading) - (size_t)length, "%*s", COLUMN, node_columns[i].title);
	sheet_heading(sheet, "%s%*s", heading, COLUMN, "huge");
	for (size_t i = 0; i < machine->n_nodes; i++) {
		fprintf(sheet->out, "  %-*d", NODE_COLUMN - 2, machine->nodes[i].node);
		for (size_t j = 0; j < NODE_COLUMNS; j++)
			sheet_bytes(sheet, COLUMN, node_value(&machine->nodes[i], j));
		sheet_bytes(sheet, COLUMN, node_huge_bytes(machine, machine->nodes[i].node));
		fputc('\n', sheet->out);
	}
	for (size_t i = 0; i < machine->n_nodes; i++)
		write_place(sheet, &machine->nodes[i]);
	write_numa(sheet, report);
}

static void write_zone_name(const struct sheet *sheet, const struct zone *zone)
{
	int length = fprintf(sheet->out, "  %d ", zone->node);

	sheet_name(sheet, ZONE_COLUMN - length, zone->name);
}

/* "+12.3M", "-4.0M": how far free memory is from a watermark. */
static void write_distance(const struct sheet *sheet, uint64_t free_bytes, uint64_t mark_bytes)
{
	char text[QUANTITY_SIZE], column[QUANTITY_SIZE + 1];
	uint64_t distance = free_bytes >= mark_bytes ? free_bytes - mark_bytes : mark_bytes - free_bytes;

	snprintf(column, sizeof(column), "%c%s", free_bytes >= mark_bytes ? '+' : '-', quantity_bytes(text, distance));
	fprintf(sheet->out, "%*s", COLUMN, column);
}

static void write_watermarks(const struct sheet *sheet, const struct zone *zone, uint64_t page_size)
{
	const uint64_t marks[] = {zone->min_pages, zone->low_pages, zone->high_pages};

	write_zone_name(sheet, zone);
	sheet_bytes(sheet, COLUMN, zone->managed_pages * page_size);
	sheet_bytes(sheet, COLUMN, zone->free_pages * page_size);
	for (int i = 0; i < 3; i++)
		sheet_bytes(sheet, COLUMN - 1, marks[i] * page_size);
	for (int i = 0; i < 3; i++)
		write_distance(sheet, zone->free_pages * page_size, marks[i] * page_size);
	/* What requests that could lie in higher zones leave free here: of the highest, which is most. */
	sheet_bytes(sheet, COLUMN + 4,
	            zone->n_protection ? zone->protection_pages[zone->n_protection - 1] * page_size : 0);
	fputc('\n', sheet->out);
}

static size_t shown_orders(const struct zones *zones)
{
	size_t orders = 0;

	for (size_t i = 0; i < zones->n; i++) {
		if (zones->list[i].n_orders > orders)
			orders = zones->list[i].n_orders;
	}
	return orders < ORDERS_SHOWN ? orders : ORDERS_SHOWN;
}

/* "0.66" where a request of that order would fail. */
static void write_fragmentation(const struct sheet *sheet, const struct machine_zone_state *state, size_t orders,
                                int width)
{
	bool fails = false;

	for (size_t i = 0; i < orders; i++)
		fails |= state->fragmentation[i] != FRAGMENTATION_NONE;
	if (!fails)
		return;
	fprintf(sheet->out, "%-*s", ZONE_COLUMN, "    index");
	for (size_t i = 0; i < orders; i++) {
		if (state->fragmentation[i] == FRAGMENTATION_NONE)
			fprintf(sheet->out, "%*s", width, "-");
		else
			fprintf(sheet->out, "%*.*f", width, width > 5 ? 2 : 1, state->fragmentation[i] / 1000.0);
	}
	fputc('\n', sheet->out);
}

static void write_blocks(const struct sheet *sheet, const struct machine_report *report)
{
	const struct zones *zones = &report->now->zones;
	size_t orders = shown_orders(zones);
	int width = orders ? (SHEET_COLUMNS - ZONE_COLUMN) / (int)orders : 0, length;
	char heading[SHEET_COLUMNS + 1];

	if (!orders)
		return;
	width = width > COLUMN - 1 ? COLUMN - 1 : width;
	length = snprintf(heading, sizeof(heading), "%-*s", ZONE_COLUMN, "Blocks by order");
	for (size_t i = 0; i < orders; i++)
		length += snprintf(heading + length, sizeof(heading) - (size_t)length, "%*zu", width, i);
	sheet_heading(sheet, "%s", heading);
	for (size_t i = 0; i < zones->n; i++) {
		const struct zone *zone = &zones->list[i];

		if (!zone->n_orders)
			continue;
		write_zone_name(sheet, zone);
		for (size_t order = 0; order < zone->n_orders && order < orders; order++)
			sheet_count(sheet, width, zone->free_blocks[order]);
		fputc('\n', sheet->out);
		write_fragmentation(sheet, &report->zones[i], zone->n_orders < orders ? zone->n_orders : orders, width);
	}
}

void machine_text_zones(const struct sheet *sheet, const struct machine_report *report)
{
	const struct zones *zones = &report->now->zones;

	if (!zones->n)
		return;
	sheet_heading(sheet, "%-*s%*s%*s%*s%*s%*s%*s%*s%*s%*s", ZONE_COLUMN, "Zones", COLUMN, "managed", COLUMN, "free",
	              COLUMN - 1, "min", COLUMN - 1, "low", COLUMN - 1, "high", COLUMN, "to min", COLUMN, "to low",
	              COLUMN, "to high", COLUMN + 4, "protected");
	for (size_t i = 0; i < zones->n; i++) {
		if (zones->list[i].managed_pages)
			write_watermarks(sheet, &zones->list[i], report->now->page_size_bytes);
	}
	write_blocks(sheet, report);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/zoneinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "machine/root.h"
#include "machine/text.h"
#include "util/grow.h"

#define NODE_MAX 1023
/* More zones than this are nobody's. */
#define PROTECTION_MAX 64

/* The fields of a zone that have a place of their own; the others go by name. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
    {"min", offsetof(struct zone, min_pages)},         {"low", offsetof(struct zone, low_pages)},
    {"high", offsetof(struct zone, high_pages)},       {"spanned", offsetof(struct zone, spanned_pages)},
    {"present", offsetof(struct zone, present_pages)}, {"managed", offsetof(struct zone, managed_pages)},
};

/* Which part of a zone's text is being read. */
enum part { PART_NONE, PART_NODE, PART_ZONE, PART_CPUS };

struct reading {
	struct zones *zones;
	struct zone *zone; /* the last one, NULL before the first */
	struct zone_node *node;
	enum part part;
};

/* "Node 0, zone      DMA" and what follows. */
static bool parse_heading(struct span *line, int *node, struct span *name)
{
	struct span before;
	uint64_t number;

	if (!span_skip(line, "Node ") || !span_until(line, ',', &before) || !span_decimal(span_trim(before), &number) ||
	    number > NODE_MAX || !span_skip(line, " zone") || !span_word(line, name))
		return false;
	*node = (int)number;
	return true;
}

static int add_zone(struct reading *reading, int node, struct span name)
{
	struct zones *zones = reading->zones;
	struct zone zone = {.node = node};
	int error = grow_list((void **)&zones->list, zones->n, sizeof(zone));

	if (error)
		return error;
	zone.name = strndup(name.start, name.length);
	if (!zone.name)
		return -ENOMEM;
	zones->list[zones->n] = zone;
	reading->zone = &zones->list[zones->n++];
	reading->part = PART_NONE;
	return 0;
}

static int add_node(struct reading *reading)
{
	struct zones *zones = reading->zones;
	int error = grow_list((void **)&zones->nodes, zones->n_nodes, sizeof(*zones->nodes));

	if (error)
		return error;
	zones->nodes[zones->n_nodes] = (struct zone_node){.node = reading->zone->node};
	reading->node = &zones->nodes[zones->n_nodes++];
	reading->part = PART_NODE;
	return 0;
}

/* "(0, 3018, 5322)" */
static int parse_protection(struct span line, struct zone *zone)
{
	struct span inside, number;
	uint64_t value;

	if (!span_until(&line, '(', &inside) || !span_until(&line, ')', &inside))
		return 0;
	while (inside.length && zone->n_protection < PROTECTION_MAX) {
		int error = grow_list((void **)&zone->protection_pages, zone->n_protection, sizeof(value));

		if (error)
			return error;
		if (!span_until(&inside, ',', &number)) {
			number = inside;
			inside.length = 0;
		}
		if (!span_decimal(span_trim(number), &value))
			return 0;
		zone->protection_pages[zone->n_protection++] = value;
	}
	return 0;
}

static int set_zone_field(struct zone *zone, struct span name, uint64_t value)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (span_is(name, fields[i].name)) {
			memcpy((char *)zone + fields[i].offset, &value, sizeof(value));
			return 0;
		}
	}
	return named_values_add(&zone->values, name.start, name.length, value);
}

/* "  start_pfn: 1": what stands behind the CPUs' fields is the zone's again, and less indented. */
static bool is_zone_again(struct span line, struct span name)
{
	return name.start == line.start + 2 && name.start[name.length - 1] == ':';
}

/* A line of a name and a number. */
static int parse_field(struct reading *reading, struct span line)
{
	struct span whole = line, name;
	bool of_zone;
	uint64_t value;

	if (!span_word(&line, &name))
		return 0;
	if (span_is(name, "protection:"))
		return parse_protection(line, reading->zone);
	of_zone = reading->part == PART_ZONE || (reading->part == PART_CPUS && is_zone_again(whole, name));
	if (name.start[name.length - 1] == ':')
		name.length--;
	if (!span_number(&line, &value))
		return 0;
	if (reading->part == PART_NODE)
		return named_values_add(&reading->node->values, name.start, name.length, value);
	if (of_zone)
		return set_zone_field(reading->zone, name, value);
	if (reading->part == PART_CPUS && span_is(name, "count"))
		reading->zone->cpu_pages += value;
	return 0;
}

static int parse_line(struct reading *reading, struct span line)
{
	struct span text = span_trim(line), rest = line, name;
	int node;

	if (parse_heading(&rest, &node, &name))
		return add_zone(reading, node, name);
	if (!reading->zone)
		return 0;
	if (span_is(text, "per-node stats"))
		return add_node(reading);
	if (span_is(text, "pagesets")) {
		reading->part = PART_CPUS;
		return 0;
	}
	if (span_skip(&text, "pages free")) {
		reading->part = PART_ZONE;
		span_number(&text, &reading->zone->free_pages);
		return 0;
	}
	return parse_field(reading, line);
}

int zoneinfo_parse(const char *text, struct zones *zones)
{
	struct reading reading = {.zones = zones};
	struct span line;
	int error = 0;

	*zones = (struct zones){0};
	while (!error && text_line(&text, &line))
		error = parse_line(&reading, line);
	if (error)
		zones_free(zones);
	return error;
}

int zoneinfo_read(int root_fd, struct zones *zones)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/zoneinfo");

	if (error)
		return error;
	error = zoneinfo_parse(text, zones);
	free(text);
	return error;
}

static struct zone *find_by_span(struct zones *zones, int node, struct span name)
{
	for (size_t i = 0; i < zones->n; i++) {
		if (zones->list[i].node == node && span_is(name, zones->list[i].name))
			return &zones->list[i];
	}
	return NULL;
}

void buddyinfo_parse(const char *text, struct zones *zones)
{
	struct span line, name;
	int node;

	while (text_line(&text, &line)) {
		struct zone *zone = parse_heading(&line, &node, &name) ? find_by_span(zones, node, name) : NULL;

		if (!zone)
			continue;
		zone->n_orders = 0;
		while (zone->n_orders < ZONE_ORDERS_MAX && span_number(&line, &zone->free_blocks[zone->n_orders]))
			zone->n_orders++;
	}
}

int buddyinfo_read(int root_fd, struct zones *zones)
{
	char *text;
	int error = root_read(root_fd, &text, "proc/buddyinfo");

	if (error)
		return error;
	buddyinfo_parse(text, zones);
	free(text);
	return 0;
}

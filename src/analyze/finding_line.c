// SPDX-License-Identifier: GPL-2.0-or-later
/* What the rows of findings are written with. */
#include <stdarg.h>
#include <stdio.h>

#include "analyze/finding_rows.h"
#include "util/number.h"

bool line_say(struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->text, sizeof(line->text), format, arguments);
	va_end(arguments);
	return true;
}

bool line_setting(const struct line *line, const char *name, uint64_t *value)
{
	const char *text = machine_setting(line->report->now, name);

	return text && !number_parse(text, value);
}

uint64_t line_memory(const struct line *line, const char *name)
{
	return named_values_get(&line->report->now->memory.bytes, name);
}

uint64_t line_counter(const struct line *line, const char *name)
{
	return named_values_get(&line->report->now->counters, name);
}

double line_rate(const struct line *line, const char *name)
{
	const struct machine_report *report = line->report;

	if (!report->before)
		return 0;
	return machine_report_rate(report,
	                           named_values_change(&report->before->counters, &report->now->counters, name));
}

double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static uint64_t node_free(const struct machine_node *node)
{
	return named_values_get(&node->memory.bytes, "MemFree");
}

static double node_free_percent(const struct machine_node *node)
{
	return percent_of(node_free(node), named_values_get(&node->memory.bytes, "MemTotal"));
}

/* A node of little free memory beside one of much. */
#define NODE_FULL_PERCENT 10
#define NODE_EMPTY_PERCENT 25

bool line_imbalance(const struct line *line, const struct machine_node **full, const struct machine_node **empty)
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

// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/machine_report.h"

#include <stdlib.h>

int64_t named_values_change(const struct named_values *before, const struct named_values *now, const char *name)
{
	const struct named_value *old = named_values_find(before, name), *new = named_values_find(now, name);

	return old && new ? (int64_t)(new->value - old->value) : 0;
}

double machine_report_rate(const struct machine_report *report, int64_t change)
{
	return report->interval_ns ? (double)change * 1e9 / (double)report->interval_ns : 0;
}

const struct machine_node *machine_report_node_before(const struct machine_report *report, int node)
{
	return report->before ? machine_node(report->before, node) : NULL;
}

void machine_report_free(struct machine_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->n_findings; i++)
		free(report->findings[i].text);
	for (size_t i = 0; i < report->n_next; i++) {
		free(report->next[i].why);
		free(report->next[i].command);
	}
	free(report->findings);
	free(report->next);
	free(report->uses);
	free(report->zones);
	free(report->slabs);
	free(report->by_rss);
	free(report->by_swap);
	free(report->by_page_tables);
	free(report);
}

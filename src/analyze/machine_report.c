// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/machine_report.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/fragmentation.h"
#include "analyze/machine_findings.h"
#include "analyze/machine_next.h"
#include "analyze/machine_top.h"
#include "analyze/machine_uses.h"

static int find_fragmentation(struct machine_report *report)
{
	const struct zones *zones = &report->now->zones;

	if (!zones->n)
		return 0;
	report->zones = calloc(zones->n, sizeof(*report->zones));
	if (!report->zones)
		return -ENOMEM;
	for (size_t i = 0; i < zones->n; i++) {
		for (unsigned int order = 0; order < zones->list[i].n_orders; order++)
			report->zones[i].fragmentation[order] = fragmentation_index(&zones->list[i], order);
	}
	return 0;
}

int machine_report_new(const struct machine *before, const struct machine *now, size_t top,
                       struct machine_report **report)
{
	struct machine_report *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return -ENOMEM;
	made->now = now;
	made->before = before;
	made->interval_ns = before ? now->monotonic_ns - before->monotonic_ns : 0;
	error = machine_uses(made);
	if (!error)
		error = find_fragmentation(made);
	if (!error)
		error = machine_top_slabs(made);
	if (!error)
		error = machine_top_processes(made, top);
	if (!error)
		error = machine_findings(made);
	if (!error)
		error = machine_next(made);
	if (error)
		machine_report_free(made);
	else
		*report = made;
	return error;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/machine_findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/finding_rows.h"
#include "util/grow.h"

static int add(struct machine_report *report, const char *key, const char *text)
{
	struct machine_finding finding = {.key = key, .text = strdup(text)};
	int error = finding.text ? grow_list((void **)&report->findings, report->n_findings, sizeof(finding)) : -ENOMEM;

	if (error) {
		free(finding.text);
		return error;
	}
	report->findings[report->n_findings++] = finding;
	return 0;
}

int machine_findings(struct machine_report *report)
{
	static const struct finding_row *const tables[] = {finding_rows_settings, finding_rows_zones,
	                                                   finding_rows_state};
	struct line line = {.report = report};
	int error = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct finding_row *row = tables[i]; row->key && !error; row++) {
			if (row->found(&line))
				error = add(report, row->key, line.text);
		}
	}
	return error;
}

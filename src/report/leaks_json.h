/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report on leaks has beside what every JSON report has. Each returns 0, or -1 when memory has run out. */
#ifndef MEMTRACE_REPORT_LEAKS_JSON_H
#define MEMTRACE_REPORT_LEAKS_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* Nothing unless the report is on leaks. */
int leaks_json_set_report(json_t *report, const struct snapshot *snapshot);
int leaks_json_set_process(json_t *object, const struct snapshot *snapshot, const struct process *process);
int leaks_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack);

#endif

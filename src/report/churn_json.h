/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtrace churn adds to JSON reports. */
#ifndef MEMTRACE_REPORT_CHURN_JSON_H
#define MEMTRACE_REPORT_CHURN_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* Each adds members to an object; 0, or not when out of memory. */
int churn_json_set_report(json_t *object, const struct snapshot *snapshot);
int churn_json_set_process(json_t *object, const struct snapshot *snapshot, const struct process *process);
int churn_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the JSON report says more in memtrace check. */
#ifndef MEMTRACE_REPORT_CHECK_JSON_H
#define MEMTRACE_REPORT_CHECK_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* "check" and what belongs to it, as members of the report. NULL: out of memory. */
json_t *check_json_members(const struct snapshot *snapshot);
/* Adds to a judged stack what it was judged as. Not 0 when out of memory. */
int check_json_set_stack(json_t *object, const struct snapshot *snapshot, size_t stack);

#endif

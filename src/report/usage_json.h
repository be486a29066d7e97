/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums in JSON reports. */
#ifndef MEMTRACE_REPORT_USAGE_JSON_H
#define MEMTRACE_REPORT_USAGE_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* Adds the members of `usage` to an object, as they stand in totals and in stacks. 0, or not when out of memory. */
int usage_json_set(json_t *object, const struct usage *usage);
/* An object of them alone. NULL: out of memory. */
json_t *usage_json(const struct usage *usage);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost, in JSON reports. */
#ifndef MEMTRACE_REPORT_INTEGRITY_JSON_H
#define MEMTRACE_REPORT_INTEGRITY_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* An object. NULL: out of memory. */
json_t *integrity_json(const struct snapshot *snapshot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_MACHINE_JSON_H
#define MEMTRACE_REPORT_MACHINE_JSON_H

#include "report/renderer.h"

/* What `memtrace system` says, for programs: docs/system.schema.json, one line. 0 or -errno. */
int machine_json(FILE *out, const struct machine_report *report, const struct render_options *options);

#endif

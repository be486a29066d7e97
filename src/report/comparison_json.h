/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_COMPARISON_JSON_H
#define MEMTRACE_REPORT_COMPARISON_JSON_H

#include "report/renderer.h"

/* What has changed, for programs: docs/diff.schema.json, one line; struct renderer's comparison. */
int comparison_json(FILE *out, const struct comparison *comparison, const struct render_options *options);

#endif

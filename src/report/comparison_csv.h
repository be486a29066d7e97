/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_COMPARISON_CSV_H
#define MEMTRACE_REPORT_COMPARISON_CSV_H

#include "report/renderer.h"

/* What has changed, as a table; struct renderer's comparison. */
int comparison_csv(FILE *out, const struct comparison *comparison, const struct render_options *options);

#endif

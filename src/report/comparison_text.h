/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_COMPARISON_TEXT_H
#define MEMTRACE_REPORT_COMPARISON_TEXT_H

#include "report/renderer.h"

/* What has changed, for people; struct renderer's comparison. */
int comparison_text(FILE *out, const struct comparison *comparison, const struct render_options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of memtrace check for people. */
#ifndef MEMTRACE_REPORT_CHECK_TEXT_H
#define MEMTRACE_REPORT_CHECK_TEXT_H

#include "report/renderer.h"

/* As struct renderer's report(). */
int check_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options);

#endif

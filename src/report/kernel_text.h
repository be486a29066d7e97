/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on kernel memory for people. */
#ifndef MEMTRACE_REPORT_KERNEL_TEXT_H
#define MEMTRACE_REPORT_KERNEL_TEXT_H

#include <stdio.h>

#include "report/renderer.h"

/* 0 or -errno. */
int kernel_text_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options);

#endif

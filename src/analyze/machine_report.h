/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From readings of a machine to what is said of it. */
#ifndef MEMTRACE_ANALYZE_MACHINE_REPORT_H
#define MEMTRACE_ANALYZE_MACHINE_REPORT_H

#include "model/machine_report.h"

/*
 * before: the reading before, or NULL. top: processes in each list, 0 for all. Both readings must
 * outlive the report. 0 or -ENOMEM. Free with machine_report_free().
 */
int machine_report_new(const struct machine *before, const struct machine *now, size_t top,
                       struct machine_report **report);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a setting and the state of memory explain together, in one line each. */
#ifndef MEMTRACE_ANALYZE_MACHINE_FINDINGS_H
#define MEMTRACE_ANALYZE_MACHINE_FINDINGS_H

#include "model/machine_report.h"

/* Fills findings; uses and zones must be there. 0 or -ENOMEM. */
int machine_findings(struct machine_report *report);

#endif

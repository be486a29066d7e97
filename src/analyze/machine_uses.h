/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory is used for, in kinds that do not overlap, and what is left over. */
#ifndef MEMTRACE_ANALYZE_MACHINE_USES_H
#define MEMTRACE_ANALYZE_MACHINE_USES_H

#include "model/machine_report.h"

/* Fills uses and unexplained_bytes from report->now. 0 or -ENOMEM. */
int machine_uses(struct machine_report *report);
/* The bytes of one kind; 0 where there is none. */
uint64_t machine_use(const struct machine_report *report, const char *key);

#endif

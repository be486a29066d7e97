/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where to look next, as commands. */
#ifndef MEMTRACE_ANALYZE_MACHINE_NEXT_H
#define MEMTRACE_ANALYZE_MACHINE_NEXT_H

#include "model/machine_report.h"

/* Fills next. 0 or -ENOMEM. */
int machine_next(struct machine_report *report);

#endif

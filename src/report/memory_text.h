/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the resident memory of processes is made of, a line each, in reports for people. */
#ifndef MEMTRACE_REPORT_MEMORY_TEXT_H
#define MEMTRACE_REPORT_MEMORY_TEXT_H

#include <stdio.h>

#include "model/snapshot.h"

/* "Memory: 47185920 bytes resident = 12582912 live blocks + …"; nothing for processes that have ended. */
void memory_text_write(FILE *out, const struct snapshot *snapshot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line at the end of every report that people read: what was lost and why, and since when we watch. */
#ifndef MEMTRACE_REPORT_INTEGRITY_H
#define MEMTRACE_REPORT_INTEGRITY_H

#include <stdio.h>

#include "report/renderer.h"

/* Writes the line without its newline. A failed write is left in ferror(out). */
void integrity_write(FILE *out, const struct snapshot *snapshot, const struct render_options *options);

#endif

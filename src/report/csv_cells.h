/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells of a table (RFC 4180). Names are escaped as everywhere and stand in quotes. A spreadsheet takes a cell that
 * begins with one of = + - @ for a formula, also in quotes: an apostrophe before it makes it text.
 */
#ifndef MEMTRACE_REPORT_CSV_CELLS_H
#define MEMTRACE_REPORT_CSV_CELLS_H

#include <stdio.h>

#include "model/snapshot.h"
#include "util/buffer.h"

#define CSV_LINE_END "\r\n"

/* A cell in quotes. */
void csv_quoted_write(FILE *out, const struct buffer *text);
/* What such a cell may hold: a name; a stack's frames, innermost first: "leak [app] app.c:12;main [app]". */
void csv_name_add(struct buffer *text, const char *name);
void csv_frames_add(struct buffer *text, const struct process *process, const struct stack *stack);

#endif

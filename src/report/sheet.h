/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text report of tables, no line of which is wider than SHEET_COLUMNS. */
#ifndef MEMTRACE_REPORT_SHEET_H
#define MEMTRACE_REPORT_SHEET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SHEET_COLUMNS 100

struct sheet {
	FILE *out;
	bool colour;
};

/* A line that begins a table, bold. */
void sheet_heading(const struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Words from the column `indent` on, in as many lines as it takes; `used` columns of the first are
 * taken. Escaped; broken at blanks and behind commas.
 */
void sheet_words(const struct sheet *sheet, int used, int indent, const char *text);
/* A name, escaped, in exactly `width` columns: cut, which a ~ at its end tells, or filled up. */
void sheet_name(const struct sheet *sheet, int width, const char *name);
/* An amount at the right of `width` columns. */
void sheet_bytes(const struct sheet *sheet, int width, uint64_t bytes);
void sheet_count(const struct sheet *sheet, int width, uint64_t count);

#endif

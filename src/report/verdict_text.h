/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the growth of a stack or a cache, in one line of reports for people. */
#ifndef MEMTRACE_REPORT_VERDICT_TEXT_H
#define MEMTRACE_REPORT_VERDICT_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "model/verdict.h"

/*
 * "        growing: +1.2 MiB/min (±102 KiB), 1 GiB in 14 h, oldest block 10 min, never freed"; nothing without a
 * verdict. oldest_ns: age of the oldest block; 0: not known.
 */
void verdict_text_write(FILE *out, const struct verdict *verdict, uint64_t oldest_ns, const char *indent);
/* The same without the blanks before and the end of the line. */
void verdict_words_write(FILE *out, const struct verdict *verdict, uint64_t oldest_ns);

#endif

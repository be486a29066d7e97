/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the growth of a stack, in one line of reports for people. */
#ifndef MEMTRACE_REPORT_VERDICT_TEXT_H
#define MEMTRACE_REPORT_VERDICT_TEXT_H

#include <stdio.h>

#include "model/snapshot.h"

/* "        growing: +1.2 MiB/min (±102 KiB), 1 GiB in 14 h, oldest block 10 min, never freed"; nothing without a
 * verdict */
void verdict_text_write(FILE *out, const struct stack *stack);
/* The same without the blanks before and the end of the line. */
void verdict_words_write(FILE *out, const struct stack *stack);

#endif

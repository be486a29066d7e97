/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtrace churn says of a stack and of processes, for people. */
#ifndef MEMTRACE_REPORT_CHURN_TEXT_H
#define MEMTRACE_REPORT_CHURN_TEXT_H

#include <stdio.h>

#include "model/snapshot.h"

/* The lines before a stack's frames. */
void churn_text_write_stack(FILE *out, const struct snapshot *snapshot, const struct stack *stack);
/* Those on all processes, on each where there are more, and on nodes. */
void churn_text_write_totals(FILE *out, const struct snapshot *snapshot);

#endif

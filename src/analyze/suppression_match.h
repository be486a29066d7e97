/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a suppression is of a stack. */
#ifndef MEMTRACE_ANALYZE_SUPPRESSION_MATCH_H
#define MEMTRACE_ANALYZE_SUPPRESSION_MATCH_H

#include "analyze/suppressions.h"

/*
 * The stack has names, and is one of `process`. Patterns of frames stand for the innermost frames, as many as there
 * are patterns. Since valgrind's stacks begin with the allocation function, and ours with its caller, a first pattern
 * that is of such a function is passed over.
 */
bool suppression_matches(const struct suppression *suppression, const struct process *process,
                         const struct stack *stack);

#endif

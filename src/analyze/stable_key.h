/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a stack a rebuild leaves as it is: the names of its modules and functions, inlined ones too; no addresses,
 * offsets, lines, process IDs.
 */
#ifndef MEMTRACE_ANALYZE_STABLE_KEY_H
#define MEMTRACE_ANALYZE_STABLE_KEY_H

#include "model/snapshot.h"

/* Of a stack that has names: its frames, innermost first, a line each. NULL: out of memory. The caller frees it. */
char *stable_key(const struct stack *stack);

#endif

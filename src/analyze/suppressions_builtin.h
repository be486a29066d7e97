/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the C and C++ libraries keep until the process ends, as rows: no program can free it. */
#ifndef MEMTRACE_ANALYZE_SUPPRESSIONS_BUILTIN_H
#define MEMTRACE_ANALYZE_SUPPRESSIONS_BUILTIN_H

#include "model/snapshot.h"

struct builtin_suppression {
	const char *name;
	const char *reason;
	/*
	 * A frame of such a function, and all frames inner to it, are in the C library or the dynamic loader: so a
	 * function of the program that has the same name, and what it passes to one, are not meant. NULL: in the C++
	 * library, called by the loader.
	 */
	const char *const *functions; /* patterns, NULL at the end */
};

extern const struct builtin_suppression builtin_suppressions[];
extern const size_t n_builtin_suppressions;

/* The row that is of the stack, which has names; n_builtin_suppressions: none. */
size_t builtin_suppression_find(const struct stack *stack);

#endif

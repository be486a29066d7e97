/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which stacks a text is found in. */
#ifndef MEMTRACE_TOP_SEARCH_H
#define MEMTRACE_TOP_SEARCH_H

#include <stdbool.h>

#include "model/snapshot.h"

/*
 * Whether a frame's function, file or module has the text in it, upper and lower case of ASCII alike. In every stack is
 * "". Of a stack without names its modules are not known either.
 */
bool search_matches(const struct stack *stack, const char *text);

#endif

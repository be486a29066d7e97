/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names held against patterns. */
#ifndef MEMTRACE_UTIL_WILDCARD_H
#define MEMTRACE_UTIL_WILDCARD_H

#include <stdbool.h>

/*
 * Whether the whole name is as the pattern says: '*' is any number of characters, '?' any one (a byte) where
 * `question_mark` is set; nothing else is special. Takes at most the product of their lengths.
 */
bool wildcard_match(const char *pattern, const char *name, bool question_mark);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names come from files that the target controls. What leaves the symbolizer, or is read from a recording, is UTF-8
 * without control characters, so that it neither breaks a JSON report nor a terminal.
 */
#ifndef MEMTRACE_UTIL_PRINTABLE_H
#define MEMTRACE_UTIL_PRINTABLE_H

#include <stddef.h>

/* Longer names are cut. Bytes. */
#define PRINTABLE_MAX 16384

/* A copy of at most PRINTABLE_MAX bytes of the text, every bad byte a '?'. The caller frees it. NULL: no memory. */
char *printable_copy(const char *text);

#endif

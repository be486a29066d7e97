/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on top of a stack that belong to the allocation function, not to its caller:
 * operator new around malloc, libc's wrappers around mmap and brk.
 */
#ifndef MEMTRACE_SYMBOLIZE_TRIM_H
#define MEMTRACE_SYMBOLIZE_TRIM_H

#include <stdbool.h>

#include "model/snapshot.h"

enum wrapper {
	WRAPPER_NONE,
	WRAPPER_NEW,     /* operator new and new[] of the standard's forms */
	WRAPPER_MAPPING, /* mmap, sbrk, … of a C library */
};

/*
 * What a function (demangled, may be NULL) wraps. `in_libc`: it stands in a C library,
 * so that a program's own function of the name sbrk stays in the report.
 */
enum wrapper wrapper_of(const char *function, bool in_libc);

/* Is a file of this base name a C library? */
bool is_libc(const char *module_name);

/* How many of the innermost frames to drop, given the wrapper of each. Less than n, unless n is 0. */
size_t trim_count(enum block_kind kind, const struct frame *frames, const enum wrapper *wrappers, size_t n);

#endif

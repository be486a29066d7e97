/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by resolve.c and resolve_returns.c. */
#ifndef MEMTRACE_PROBE_RESOLVE_INTERNAL_H
#define MEMTRACE_PROBE_RESOLVE_INTERNAL_H

#include <stdbool.h>

#include "probe/elf_file.h"

/*
 * Does the object's operator new get its memory from malloc: from another object's (as
 * libstdc++'s), or by a call of its own (as in a static C++ program)? Then it is a
 * wrapper and not an allocator's.
 */
bool resolve_new_wraps_malloc(const struct elf_file *file);

#endif

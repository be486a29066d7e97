/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File and line of an address, and the calls that were inlined there. */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_LINES_H
#define MEMTRACE_SYMBOLIZE_DEBUG_LINES_H

#include "symbolize/debug_info.h"

/* Inlined calls at one address; what lies deeper is not shown. */
#define INLINED_MAX 256

/*
 * A place in the source. File names are as in the line table: below the compilation
 * directory relative to it ("app.c", "src/app.c"), else absolute. libdw's memory.
 */
struct source_place {
	const char *file;  /* NULL: not known */
	unsigned int line; /* 0: not known */
};

struct inlined_call {
	const char *function;      /* that was inlined: linkage name or name; libdw's memory; may be NULL */
	struct source_place place; /* of the call */
};

/* The line table's row for the address. */
struct source_place debug_line(const struct debug_unit *unit, uint64_t address);

/* The calls inlined into the function at the address, outermost first; returns how many, at most INLINED_MAX. */
size_t debug_inlined_calls(const struct debug_unit *unit, const Dwarf_Die *function, uint64_t address,
                           struct inlined_call calls[INLINED_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address ranges of an entry (DWARF 5, 2.17), one by one. libdw reads those of ordinary
 * units; those of split units are read here, since their addresses are in another file.
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_RANGES_H
#define MEMTRACE_SYMBOLIZE_DEBUG_RANGES_H

#include <elfutils/libdw.h>

#include "symbolize/split_unit.h"

struct debug_ranges {
	Dwarf_Die *entry;
	const struct split_unit *split; /* NULL: an ordinary unit */
	ptrdiff_t position;             /* libdw's */
	Dwarf_Addr libdw_base;
	bool started;
	struct debug_section list; /* what is left to be read */
	uint64_t base;
};

/* `split`: the unit that the entry is in, if that is a split one. */
struct debug_ranges debug_ranges_of(Dwarf_Die *entry, const struct split_unit *split);

/* The next range. False after the last one; a list of a hostile file may be endless, or empty ranges. */
bool debug_ranges_next(struct debug_ranges *ranges, uint64_t *start, uint64_t *end);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split DWARF (DWARF 5, 3.1.2, and GNU's form of it before): a program has a skeleton of a
 * unit, with its addresses and lines; the rest is in a .dwo file, or in a package (.dwp)
 * of many. Found and read here, since libdw would open them by names that the program gives.
 */
#ifndef MEMTRACE_SYMBOLIZE_SPLIT_UNIT_H
#define MEMTRACE_SYMBOLIZE_SPLIT_UNIT_H

#include <elfutils/libdw.h>

#include "symbolize/debug_data.h"
#include "symbolize/debug_search.h"

/* Packages that were looked for once. All zeroes: not yet. */
struct split_packages {
	bool looked_for;
	struct debug_sections sections;
};

struct split_unit {
	struct debug_data data;
	Dwarf_Die root;
	/* What its entries point to in the program. */
	struct debug_section addresses; /* from the unit's base on; entries of 8 bytes */
	struct debug_section ranges;    /* of DWARF 4, likewise */
	uint64_t base_address;          /* that ranges count from */
	uint16_t version;
	struct debug_section range_lists; /* of DWARF 5, the unit's own */
};

/*
 * The rest of a skeleton's unit. `program` has the skeleton. NULL when it is not found, or is
 * not the one that belongs to it.
 */
struct split_unit *split_unit_open(struct debug_search *search, struct split_packages *packages,
                                   const struct debug_sections *program, Dwarf_Die *skeleton);
void split_unit_free(struct split_unit *unit);

void split_packages_clear(struct split_packages *packages);

/* The address at an index of the program's .debug_addr. False when there is none. */
bool split_unit_address(const struct split_unit *unit, uint64_t index, uint64_t *address);

#endif

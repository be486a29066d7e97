/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a file's DWARF an address is: its unit, and the function in that unit.
 * Indexes of our own, because .debug_aranges is often missing and libdw's own look-ups
 * are linear: units by the ranges of their root entries, once a file; functions by
 * walking a unit's entries, once a unit that is asked for.
 *
 * What is in further files (dwz's alternate file, split units) is found by debug_search.h.
 * libdw would open them by itself, by names that the (hostile) file gives: nothing here calls
 * it in a way that would.
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_INFO_H
#define MEMTRACE_SYMBOLIZE_DEBUG_INFO_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "symbolize/debug_search.h"
#include "symbolize/elf_image.h"
#include "symbolize/intervals.h"

struct debug_info;

/* How much of a unit's functions is indexed. */
enum debug_index {
	DEBUG_INDEX_NONE,
	DEBUG_INDEX_OUTER,  /* all but those within other functions */
	DEBUG_INDEX_NESTED, /* all */
};

struct split_unit;

struct debug_unit {
	Dwarf_Die root;           /* with the line table; of a split unit the skeleton */
	Dwarf_Die body;           /* with the functions */
	struct split_unit *split; /* that the body is of; NULL: the same file */
	bool is_skeleton;         /* whose body has not been looked for */
	bool lines_checked,
	    has_lines;         /* may libdw run its line program? Not if it makes more rows than memory is worth. */
	bool split_has_lines;  /* the split unit has file names of its own, that can be read */
	const char *directory; /* DW_AT_comp_dir, or NULL */
	enum debug_index index;
	struct intervals functions; /* value: offset of the entry */
};

/*
 * Reads all debug sections of `elf`, whose bytes are those of fd; both are not used after the
 * call. `image` says where the code is that they describe; `search` is for what is in other files.
 * Both must outlive it. Returns 0 or -errno: -ENODATA
 * when there are none that can be used.
 */
int debug_info_open(struct debug_info **result, const struct elf_image *image, Elf *elf, int fd,
                    struct debug_search *search);
void debug_info_free(struct debug_info *info);

/* The compilation unit with code at the virtual address, or NULL. What an earlier call gave is no longer valid. */
struct debug_unit *debug_info_unit(struct debug_info *info, uint64_t address);

/* The innermost DW_TAG_subprogram with code at the address. False when there is none. */
bool debug_info_function(struct debug_info *info, struct debug_unit *unit, uint64_t address, Dwarf_Die *function);

/*
 * Start of that of the entry's ranges that holds the address. False when none does. Looks at
 * no more than *steps_left ranges and counts them off: entries of a hostile file may share
 * one endless list.
 */
bool debug_entry_range(const struct debug_unit *unit, Dwarf_Die *entry, uint64_t address, uint64_t *start,
                       unsigned int *steps_left);

/*
 * The entry's linkage name, else its name, looked for through its abstract origin and
 * specification too; libdw's memory. NULL when it has none.
 */
const char *debug_entry_name(Dwarf_Die *entry);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_lines.h"

#include <dwarf.h>
#include <limits.h>
#include <string.h>

/* Entries and ranges looked at for one address: many times what the largest functions have. */
#define STEPS_MAX (1u << 20)

/* libdw joins names with the compilation directory; take it off again. */
static const char *source_file(const struct debug_unit *unit, const char *file)
{
	size_t n = unit->directory ? strlen(unit->directory) : 0;

	while (n && unit->directory[n - 1] == '/')
		n--;
	if (!file || !n || strncmp(file, unit->directory, n) || file[n] != '/')
		return file;
	while (file[n] == '/')
		n++;
	return file + n;
}

struct source_place debug_line(const struct debug_unit *unit, uint64_t address)
{
	Dwarf_Die root = unit->root;
	Dwarf_Line *row = dwarf_getsrc_die(&root, address);
	struct source_place place = {0};
	int line;

	if (!row)
		return place;
	place.file = source_file(unit, dwarf_linesrc(row, NULL, NULL));
	if (dwarf_lineno(row, &line) == 0 && line > 0)
		place.line = (unsigned int)line;
	return place;
}

static bool entry_number(Dwarf_Die *entry, unsigned int name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(entry, name, &attribute) && dwarf_formudata(&attribute, number) == 0;
}

/* File names that the entries of a unit count in: a split unit may have its own, else those of its skeleton. */
static Dwarf_Files *unit_files(const struct debug_unit *unit, size_t *n)
{
	Dwarf_Die body = unit->body, root = unit->root;
	Dwarf_Files *files;

	/* libdw runs the whole line program for them. */
	if (unit->split && unit->split_has_lines && dwarf_getsrcfiles(&body, &files, n) == 0)
		return files;
	if (unit->has_lines && dwarf_getsrcfiles(&root, &files, n) == 0)
		return files;
	*n = 0;
	return NULL;
}

static struct source_place call_place(const struct debug_unit *unit, Dwarf_Die *entry)
{
	struct source_place place = {0};
	Dwarf_Word file, line;

	if (entry_number(entry, DW_AT_call_file, &file)) {
		size_t n_files;
		Dwarf_Files *files = unit_files(unit, &n_files);

		if (file < n_files)
			place.file = source_file(unit, dwarf_filesrc(files, file, NULL, NULL));
	}
	if (entry_number(entry, DW_AT_call_line, &line) && line <= UINT_MAX)
		place.line = (unsigned int)line;
	return place;
}

/* Blocks and inlined calls within one another. */
#define SCOPES_MAX (4 * INLINED_MAX)

static bool may_hold_inlined_calls(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block;
}

/* Steps from `entry` to the one of its children that holds the address. False when there is none. */
static bool descend(const struct debug_unit *unit, Dwarf_Die *entry, uint64_t address, unsigned int *steps_left)
{
	uint64_t start;
	Dwarf_Die child;

	if (dwarf_child(entry, &child) != 0)
		return false;
	do {
		if (!*steps_left)
			return false;
		--*steps_left;
		if (may_hold_inlined_calls(dwarf_tag(&child)) &&
		    debug_entry_range(unit, &child, address, &start, steps_left)) {
			*entry = child;
			return true;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

size_t debug_inlined_calls(const struct debug_unit *unit, const Dwarf_Die *function, uint64_t address,
                           struct inlined_call calls[INLINED_MAX])
{
	unsigned int steps_left = STEPS_MAX;
	Dwarf_Die entry = *function;
	size_t n = 0;

	for (int depth = 0; depth < SCOPES_MAX && n < INLINED_MAX && descend(unit, &entry, address, &steps_left);
	     depth++) {
		if (dwarf_tag(&entry) != DW_TAG_inlined_subroutine)
			continue;
		calls[n++] =
		    (struct inlined_call){.function = debug_entry_name(&entry), .place = call_place(unit, &entry)};
	}
	return n;
}

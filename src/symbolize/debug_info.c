// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_info.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "symbolize/debug_data.h"
#include "symbolize/debug_ranges.h"
#include "symbolize/line_program.h"

/* Deeper nesting of scopes than compilers make; entries below are not looked at. */
#define DEPTH_MAX 256

/* Steps from an entry to what it was made from: libdw's own bound. */
#define ORIGINS_MAX 16

/* Ranges read while indexing one file. Entries of a hostile file may share one endless list. */
#define RANGES_READ_MAX (4 * INTERVALS_MAX)

/*
 * Rows of one line program, several times what the largest programs have, and of all that libdw holds at
 * a time, at a hundred bytes each. When there is no room left, it begins anew, so often.
 */
#define UNIT_ROWS_MAX (4u << 20)
#define HELD_ROWS_MAX (6u << 20)
#define RENEWALS_MAX 64

/* Bytes of entries passed over while one unit is indexed: time, where every scope is looked through again and again. */
#define WALKED_BYTES_MAX (2ull << 30)

struct debug_info {
	struct debug_data data;
	struct debug_data alternate; /* of dwz; an empty one when it is missing */
	struct debug_search *search;
	struct split_packages packages;
	const struct elf_image *image;
	struct debug_unit *units;
	size_t n_units, capacity;
	struct intervals ranges;      /* value: index into units */
	struct intervals late_ranges; /* those of units whose root entry has none; value as above */
	bool late_indexed;
	uint32_t ranges_read;
	uint64_t rows_left; /* that line programs may still make */
	unsigned int renewals;
};

/*
 * Adds the ranges of an entry. The linker leaves those of functions that it dropped at 0,
 * 1 or the address space's end, where no code is.
 */
static int add_ranges(struct debug_info *info, struct intervals *to, struct debug_ranges ranges, uint64_t value)
{
	uint64_t start, end;

	while (debug_ranges_next(&ranges, &start, &end)) {
		const struct elf_segment *code = start > 1 ? elf_image_code(info->image, start) : NULL;
		int err;

		if (info->ranges_read++ == RANGES_READ_MAX)
			return -EOVERFLOW;
		if (!code)
			continue;
		err = intervals_add(to, start, end < code->end ? end : code->end, value);
		if (err)
			return err;
	}
	return 0;
}

static const char *entry_string(Dwarf_Die *entry, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(entry, name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

static int add_unit(struct debug_info *info, Dwarf_Die *root, bool is_skeleton)
{
	struct debug_unit *unit;

	if (info->n_units == info->capacity) {
		size_t capacity = info->capacity ? info->capacity * 2 : 16;
		struct debug_unit *units = reallocarray(info->units, capacity, sizeof(*units));

		if (!units)
			return -ENOMEM;
		info->units = units;
		info->capacity = capacity;
	}
	unit = &info->units[info->n_units];
	*unit = (struct debug_unit){
	    .root = *root, .body = *root, .directory = entry_string(root, DW_AT_comp_dir), .is_skeleton = is_skeleton};
	return add_ranges(info, &info->ranges, debug_ranges_of(&unit->root, NULL), info->n_units++);
}

/*
 * Has the unit code of its own? A skeleton (of split DWARF) has a line table here and the
 * rest elsewhere; libdw would open that file to look for a compilation directory that is missing.
 */
static bool is_unit_of_code(Dwarf_Die *root, uint8_t type)
{
	if (type == DW_UT_skeleton)
		return dwarf_hasattr(root, DW_AT_comp_dir);
	return type == DW_UT_compile && dwarf_tag(root) == DW_TAG_compile_unit;
}

static int read_units(struct debug_info *info)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die root;
	uint8_t type;
	int err = 0;

	while (!err && dwarf_get_units(info->data.dwarf, unit, &unit, NULL, &type, &root, NULL) == 0) {
		if (is_unit_of_code(&root, type))
			err = add_unit(info, &root, type == DW_UT_skeleton);
	}
	return err ? err : intervals_settle(&info->ranges);
}

static int read_alternate(struct debug_info *info, int fd)
{
	struct debug_sections sections;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	int err =
	    elf ? debug_sections_read(&sections, elf, fd, DEBUG_KIND_PLAIN, &info->search->budget_bytes) : -ENODATA;

	elf_end(elf);
	return err ? err : debug_data_open(&info->alternate, &sections, NULL);
}

/* Stands in for an alternate file that is missing, so that libdw does not look for it by itself: a unit of nothing. */
static int make_empty(struct debug_data *data)
{
	static uint8_t nothing[1];
	const struct debug_section rows[DEBUG_SECTIONS] = {[DEBUG_INFO] = {nothing, 1}, [DEBUG_ABBREV] = {nothing, 1}};
	struct debug_sections sections;
	int err = debug_sections_make(&sections, rows, DEBUG_KIND_PLAIN);

	return err ? err : debug_data_open(data, &sections, NULL);
}

/* Where dwz keeps a part of the debug information in another file. */
static int open_alternate(struct debug_info *info)
{
	struct debug_alternate alternate;
	int fd = -1, err = -ENOENT;

	if (debug_data_alternate(&info->data, &alternate))
		fd = debug_search_alternate(info->search, alternate.name, alternate.build_id, alternate.build_id_size);
	if (fd >= 0) {
		err = read_alternate(info, fd);
		close(fd);
	}
	if (err)
		err = make_empty(&info->alternate);
	if (!err)
		dwarf_setalt(info->data.dwarf, info->alternate.dwarf);
	return err;
}

int debug_info_open(struct debug_info **result, const struct elf_image *image, Elf *elf, int fd,
                    struct debug_search *search)
{
	struct debug_info *info = calloc(1, sizeof(*info));
	struct debug_sections sections;
	int err;

	if (!info)
		return -ENOMEM;
	info->image = image;
	info->search = search;
	info->rows_left = HELD_ROWS_MAX;
	err = debug_sections_read(&sections, elf, fd, DEBUG_KIND_PLAIN, &search->budget_bytes);
	if (!err && !sections.rows[DEBUG_INFO].size_bytes) {
		debug_sections_clear(&sections);
		err = -ENODATA;
	}
	if (!err)
		err = debug_data_open(&info->data, &sections, NULL);
	if (!err)
		err = open_alternate(info);
	if (!err)
		err = read_units(info);
	if (err) {
		debug_info_free(info);
		return err;
	}
	*result = info;
	return 0;
}

static void debug_unit_clear(struct debug_unit *unit)
{
	intervals_clear(&unit->functions);
	split_unit_free(unit->split);
}

static void clear_units(struct debug_info *info)
{
	for (size_t i = 0; i < info->n_units; i++)
		debug_unit_clear(&info->units[i]);
	free(info->units);
	info->units = NULL;
	info->n_units = info->capacity = 0;
	intervals_clear(&info->ranges);
	intervals_clear(&info->late_ranges);
	info->late_indexed = false;
}

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	clear_units(info);
	split_packages_clear(&info->packages);
	debug_data_close(&info->data);
	debug_data_close(&info->alternate);
	free(info);
}

/* Has libdw forget all that it made of the sections. False when it fails: no units are left then. */
static bool renew(struct debug_info *info)
{
	int err;

	info->renewals++;
	clear_units(info);
	err = debug_data_renew(&info->data);
	if (!err && info->alternate.dwarf)
		err = debug_data_renew(&info->alternate);
	if (err)
		return false;
	if (info->alternate.dwarf)
		dwarf_setalt(info->data.dwarf, info->alternate.dwarf);
	info->rows_left = HELD_ROWS_MAX;
	info->ranges_read = 0;
	err = read_units(info);
	if (err)
		clear_units(info);
	return !err;
}

/* Can an entry of this kind have functions below it? Those within functions are rare, and costly to look for. */
static bool is_scope(int tag, enum debug_index index)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type: /* Rust */
		return true;
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return index == DEBUG_INDEX_NESTED;
	default:
		return false;
	}
}

/* A walk over a unit's entries. */
struct walk {
	struct debug_info *info;
	struct intervals *functions;
	const struct split_unit *split;
	enum debug_index index;
	Dwarf_Off last; /* of the entries visited; a walk that turns back is in a loop */
	uint64_t bytes_left;
};

/* Counts off; false when the walk has to end. */
static bool pass_over(struct walk *walk, uint64_t bytes)
{
	walk->bytes_left = bytes < walk->bytes_left ? walk->bytes_left - bytes : 0;
	return walk->bytes_left;
}

static int walk_scope(struct walk *walk, Dwarf_Die *scope, int depth)
{
	Dwarf_Off before = dwarf_dieoffset(scope);
	Dwarf_Die entry;
	int err = 0;

	/* What is found by then stays. */
	if (depth > DEPTH_MAX) {
		walk->bytes_left = 0;
		return 0;
	}
	if (dwarf_child(scope, &entry) != 0)
		return 0;
	do {
		Dwarf_Off offset = dwarf_dieoffset(&entry);
		int tag = dwarf_tag(&entry);

		if (offset <= walk->last)
			return 0;
		if (!pass_over(walk, offset - before))
			return 0;
		before = offset;
		walk->last = offset;
		if (tag == DW_TAG_subprogram)
			err = add_ranges(walk->info, walk->functions, debug_ranges_of(&entry, walk->split), offset);
		if (!err && is_scope(tag, walk->index))
			err = walk_scope(walk, &entry, depth + 1);
	} while (!err && walk->bytes_left && dwarf_siblingof(&entry, &entry) == 0);
	return err;
}

/* Counts off the rows that a line program makes; false when they are too many. */
static bool may_run(struct debug_info *info, const struct debug_section *lines, uint64_t offset)
{
	uint64_t n = lines->size_bytes ? line_program_rows(lines, offset, UNIT_ROWS_MAX) : UNIT_ROWS_MAX;

	if (n >= UNIT_ROWS_MAX || n > info->rows_left)
		return false;
	info->rows_left -= n;
	return true;
}

/* The rest of a unit of which the file has only the skeleton. */
static void open_body(struct debug_info *info, struct debug_unit *unit)
{
	if (!unit->is_skeleton || unit->split)
		return;
	unit->is_skeleton = false;
	unit->split = split_unit_open(info->search, &info->packages, &info->data.sections, &unit->root);
	if (!unit->split)
		return;
	unit->body = unit->split->root;
	unit->split_has_lines = may_run(info, &unit->split->data.sections.rows[DEBUG_LINE], 0);
}

/* Brings the unit's index to what is asked for, at least. */
static void index_functions(struct debug_info *info, struct debug_unit *unit, enum debug_index index)
{
	struct walk walk = {
	    .info = info, .functions = &unit->functions, .index = index, .bytes_left = WALKED_BYTES_MAX};

	if (unit->index >= index)
		return;
	open_body(info, unit);
	walk.split = unit->split;
	unit->index = index;
	intervals_clear(&unit->functions);
	if (walk_scope(&walk, &unit->body, 0) || intervals_settle(&unit->functions))
		intervals_clear(&unit->functions);
}

/* Units whose root entry gives no addresses: their functions do. Takes a walk over all of them. */
static void index_late_ranges(struct debug_info *info)
{
	int err = 0;

	info->late_indexed = true;
	for (size_t i = 0; i < info->n_units && !err; i++) {
		struct debug_unit *unit = &info->units[i];
		Dwarf_Attribute attribute;

		if (dwarf_hasattr(&unit->root, DW_AT_ranges) || dwarf_attr(&unit->root, DW_AT_high_pc, &attribute))
			continue;
		index_functions(info, unit, DEBUG_INDEX_NESTED);
		for (size_t j = 0; j < unit->functions.n && !err; j++) {
			const struct interval *function = &unit->functions.items[j];

			err = intervals_add(&info->late_ranges, function->start, function->end, i);
		}
	}
	if (err || intervals_settle(&info->late_ranges))
		intervals_clear(&info->late_ranges);
}

static struct debug_unit *find_unit(struct debug_info *info, uint64_t address)
{
	const struct interval *range = intervals_find(&info->ranges, address);

	if (!range) {
		if (!info->late_indexed)
			index_late_ranges(info);
		range = intervals_find(&info->late_ranges, address);
	}
	return range ? &info->units[range->value] : NULL;
}

/* Rows that the unit's line program makes; UNIT_ROWS_MAX when it must not be run, or there is none. */
static uint64_t unit_rows(struct debug_info *info, struct debug_unit *unit)
{
	const struct debug_section *lines = &info->data.sections.rows[DEBUG_LINE];
	Dwarf_Attribute attribute;
	Dwarf_Word offset;

	if (!lines->size_bytes || !dwarf_attr(&unit->root, DW_AT_stmt_list, &attribute) ||
	    dwarf_formudata(&attribute, &offset))
		return UNIT_ROWS_MAX;
	return line_program_rows(lines, offset, UNIT_ROWS_MAX);
}

struct debug_unit *debug_info_unit(struct debug_info *info, uint64_t address)
{
	struct debug_unit *unit = find_unit(info, address);
	uint64_t n;

	if (!unit || unit->lines_checked)
		return unit;
	n = unit_rows(info, unit);
	if (n < UNIT_ROWS_MAX && n > info->rows_left && info->renewals < RENEWALS_MAX) {
		unit = renew(info) ? find_unit(info, address) : NULL;
		if (!unit)
			return NULL;
	}
	unit->lines_checked = true;
	unit->has_lines = n < UNIT_ROWS_MAX && n <= info->rows_left;
	if (unit->has_lines)
		info->rows_left -= n;
	return unit;
}

bool debug_info_function(struct debug_info *info, struct debug_unit *unit, uint64_t address, Dwarf_Die *function)
{
	const struct interval *range;

	index_functions(info, unit, DEBUG_INDEX_OUTER);
	range = intervals_find(&unit->functions, address);
	if (!range) {
		index_functions(info, unit, DEBUG_INDEX_NESTED);
		range = intervals_find(&unit->functions, address);
	}
	return range && dwarf_offdie(unit->split ? unit->split->data.dwarf : info->data.dwarf, range->value, function);
}

bool debug_entry_range(const struct debug_unit *unit, Dwarf_Die *entry, uint64_t address, uint64_t *start,
                       unsigned int *steps_left)
{
	struct debug_ranges ranges = debug_ranges_of(entry, unit->split);
	uint64_t from, to;

	while (*steps_left && debug_ranges_next(&ranges, &from, &to)) {
		--*steps_left;
		if (address >= from && address < to) {
			*start = from;
			return true;
		}
	}
	return false;
}

/* From a concrete or inlined function to the abstract one, from a definition to its declaration. */
static bool go_to_origin(Dwarf_Die *entry)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	if (!dwarf_attr(entry, DW_AT_abstract_origin, &attribute) &&
	    !dwarf_attr(entry, DW_AT_specification, &attribute))
		return false;
	if (!dwarf_formref_die(&attribute, &origin))
		return false;
	*entry = origin;
	return true;
}

const char *debug_entry_name(Dwarf_Die *entry)
{
	Dwarf_Die origin = *entry;
	const char *name = NULL;

	for (int i = 0; i < ORIGINS_MAX; i++) {
		const char *linkage_name = entry_string(&origin, DW_AT_linkage_name);

		if (!linkage_name)
			linkage_name = entry_string(&origin, DW_AT_MIPS_linkage_name);
		if (linkage_name)
			return linkage_name;
		if (!name)
			name = entry_string(&origin, DW_AT_name);
		if (!go_to_origin(&origin))
			break;
	}
	return name;
}

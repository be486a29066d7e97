// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/split_package.h"

#include <string.h>

/* GNU's form (2) and DWARF 5's differ in the numbers of some sections. */
#define VERSION_GNU 2
#define VERSION_DWARF 5

/* Columns of the index -> sections; DEBUG_CU_INDEX stands for those that are not needed. */
static const enum debug_section_id columns_gnu[] = {
    DEBUG_CU_INDEX, DEBUG_INFO,        DEBUG_TYPES,    DEBUG_ABBREV,   DEBUG_LINE,
    DEBUG_CU_INDEX, DEBUG_STR_OFFSETS, DEBUG_CU_INDEX, DEBUG_CU_INDEX,
};
static const enum debug_section_id columns_dwarf[] = {
    DEBUG_CU_INDEX, DEBUG_INFO,        DEBUG_CU_INDEX, DEBUG_ABBREV,   DEBUG_LINE,
    DEBUG_CU_INDEX, DEBUG_STR_OFFSETS, DEBUG_CU_INDEX, DEBUG_RNGLISTS,
};

#define N_COLUMNS (sizeof(columns_gnu) / sizeof(columns_gnu[0]))

struct package_index {
	const uint8_t *ids, *rows, *columns, *offsets, *sizes;
	uint32_t version, n_columns, n_units, n_slots;
};

static uint32_t read_32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t read_64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool read_index(const struct debug_section *section, struct package_index *index)
{
	uint64_t cells;
	uint16_t version;

	if (section->size_bytes < 16)
		return false;
	/* Two bytes and two of padding in DWARF 5, four before. */
	memcpy(&version, section->bytes, sizeof(version));
	index->version = version;
	index->n_columns = read_32(section->bytes + 4);
	index->n_units = read_32(section->bytes + 8);
	index->n_slots = read_32(section->bytes + 12);
	if ((index->version != VERSION_GNU && index->version != VERSION_DWARF) || index->n_columns > N_COLUMNS)
		return false;
	cells = (uint64_t)index->n_units * index->n_columns;
	if ((section->size_bytes - 16) / 4 < (uint64_t)index->n_slots * 3 + index->n_columns + cells * 2)
		return false;
	index->ids = section->bytes + 16;
	index->rows = index->ids + (size_t)index->n_slots * 8;
	index->columns = index->rows + (size_t)index->n_slots * 4;
	index->offsets = index->columns + (size_t)index->n_columns * 4;
	index->sizes = index->offsets + cells * 4;
	return true;
}

/* The unit's row, counted from 1; 0 for none. A hash table would be quicker to ask, and must be trusted more. */
static uint32_t find_unit(const struct package_index *index, uint64_t id)
{
	for (uint32_t i = 0; i < index->n_slots; i++) {
		uint32_t row = read_32(index->rows + (size_t)i * 4);

		if (row && row <= index->n_units && read_64(index->ids + (size_t)i * 8) == id)
			return row;
	}
	return 0;
}

bool split_package_unit(const struct debug_sections *package, uint64_t id, struct debug_section rows[DEBUG_SECTIONS])
{
	struct package_index index;
	uint32_t unit;

	memset(rows, 0, sizeof(*rows) * DEBUG_SECTIONS);
	if (!read_index(&package->rows[DEBUG_CU_INDEX], &index))
		return false;
	unit = find_unit(&index, id);
	for (uint32_t i = 0; unit && i < index.n_columns; i++) {
		size_t cell = ((size_t)(unit - 1) * index.n_columns + i) * 4;
		uint32_t column = read_32(index.columns + (size_t)i * 4), offset = read_32(index.offsets + cell),
		         size = read_32(index.sizes + cell);
		enum debug_section_id section = DEBUG_CU_INDEX;

		if (column < N_COLUMNS)
			section = (index.version == VERSION_GNU ? columns_gnu : columns_dwarf)[column];
		if (section == DEBUG_CU_INDEX)
			continue;
		if (offset > package->rows[section].size_bytes || size > package->rows[section].size_bytes - offset)
			return false;
		if (!size)
			continue; /* of a section that is perhaps not there at all */
		rows[section] =
		    (struct debug_section){.bytes = package->rows[section].bytes + offset, .size_bytes = size};
	}
	rows[DEBUG_STR] = package->rows[DEBUG_STR];
	return unit && rows[DEBUG_INFO].size_bytes;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/debug_ranges.h"

#include <dwarf.h>
#include <string.h>

/* A range list's header in DWARF 5 (7.28), of the 32-bit form: what its offsets count from. */
#define LISTS_HEADER_BYTES 12

struct debug_ranges debug_ranges_of(Dwarf_Die *entry, const struct split_unit *split)
{
	return (struct debug_ranges){.entry = entry, .split = split};
}

static bool read_number(struct debug_section *from, void *to, size_t size)
{
	if (from->size_bytes < size)
		return false;
	memcpy(to, from->bytes, size);
	from->bytes += size;
	from->size_bytes -= size;
	return true;
}

static bool read_uleb(struct debug_section *from, uint64_t *value)
{
	uint8_t byte = 0x80;

	*value = 0;
	for (unsigned int shift = 0; byte & 0x80; shift += 7) {
		if (!read_number(from, &byte, 1))
			return false;
		if (shift < 64)
			*value |= (uint64_t)(byte & 0x7f) << shift;
	}
	return true;
}

/* The bytes of an attribute's value; that they are in the section is what libdw checked. */
static struct debug_section value_bytes(const Dwarf_Attribute *attribute)
{
	return (struct debug_section){.bytes = attribute->valp, .size_bytes = 10};
}

/* An index as one of the forms holds it. */
static bool read_index(const Dwarf_Attribute *attribute, uint64_t *index)
{
	struct debug_section value = value_bytes(attribute);

	*index = 0;
	switch (attribute->form) {
	case DW_FORM_addrx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
		return read_uleb(&value, index);
	case DW_FORM_addrx1:
		return read_number(&value, index, 1);
	case DW_FORM_addrx2:
		return read_number(&value, index, 2);
	case DW_FORM_addrx3:
		return read_number(&value, index, 3);
	case DW_FORM_addrx4:
		return read_number(&value, index, 4);
	default:
		return false;
	}
}

static bool read_address(const struct split_unit *split, Dwarf_Attribute *attribute, uint64_t *address)
{
	struct debug_section value = value_bytes(attribute);
	uint64_t index;

	if (attribute->form == DW_FORM_addr)
		return read_number(&value, address, sizeof(*address));
	return read_index(attribute, &index) && split_unit_address(split, index, address);
}

static bool single_range(const struct debug_ranges *ranges, uint64_t *start, uint64_t *end)
{
	Dwarf_Attribute low, high;
	Dwarf_Word size;

	if (!dwarf_attr(ranges->entry, DW_AT_low_pc, &low) || !dwarf_attr(ranges->entry, DW_AT_high_pc, &high) ||
	    !read_address(ranges->split, &low, start))
		return false;
	if (read_address(ranges->split, &high, end))
		return true;
	if (dwarf_formudata(&high, &size))
		return false;
	*end = *start + size;
	return true;
}

static struct debug_section from(const struct debug_section *section, uint64_t offset)
{
	if (offset >= section->size_bytes)
		return (struct debug_section){0};
	return (struct debug_section){.bytes = section->bytes + offset, .size_bytes = section->size_bytes - offset};
}

/* The list that DW_AT_ranges points to. */
static void find_list(struct debug_ranges *ranges, const Dwarf_Attribute *attribute)
{
	const struct debug_section *lists =
	    ranges->split->version < 5 ? &ranges->split->ranges : &ranges->split->range_lists;
	struct debug_section value = value_bytes(attribute);
	uint64_t offset = 0, index;
	uint32_t relative;

	if (attribute->form == DW_FORM_sec_offset || attribute->form == DW_FORM_data4) {
		read_number(&value, &offset, 4);
	} else if (attribute->form == DW_FORM_rnglistx && read_index(attribute, &index)) {
		struct debug_section entry = from(lists, LISTS_HEADER_BYTES);

		entry = index < entry.size_bytes ? from(&entry, index * sizeof(relative)) : (struct debug_section){0};
		if (!read_number(&entry, &relative, sizeof(relative)))
			return;
		offset = LISTS_HEADER_BYTES + (uint64_t)relative;
	} else {
		return;
	}
	ranges->list = from(lists, offset);
	ranges->base = ranges->split->base_address;
}

/* DWARF 4, 2.17.3. */
static bool next_of_pairs(struct debug_ranges *ranges, uint64_t *start, uint64_t *end)
{
	uint64_t pair[2];

	while (read_number(&ranges->list, pair, sizeof(pair))) {
		if (!pair[0] && !pair[1])
			return false;
		if (pair[0] == UINT64_MAX) {
			ranges->base = pair[1];
			continue;
		}
		*start = pair[0] + ranges->base;
		*end = pair[1] + ranges->base;
		return true;
	}
	return false;
}

static bool read_indexed(struct debug_ranges *ranges, uint64_t *address)
{
	uint64_t index;

	return read_uleb(&ranges->list, &index) && split_unit_address(ranges->split, index, address);
}

/* Takes the entry's operands; *is_range: it says a range rather than a base. */
static bool read_entry(struct debug_ranges *ranges, uint8_t kind, uint64_t *start, uint64_t *end, bool *is_range)
{
	struct debug_section *list = &ranges->list;
	uint64_t size = 0;

	*is_range = true;
	switch (kind) {
	case DW_RLE_base_addressx:
		*is_range = false;
		return read_indexed(ranges, &ranges->base);
	case DW_RLE_base_address:
		*is_range = false;
		return read_number(list, &ranges->base, sizeof(ranges->base));
	case DW_RLE_startx_endx:
		return read_indexed(ranges, start) && read_indexed(ranges, end);
	case DW_RLE_startx_length:
		if (!read_indexed(ranges, start) || !read_uleb(list, &size))
			return false;
		*end = *start + size;
		return true;
	case DW_RLE_offset_pair:
		if (!read_uleb(list, start) || !read_uleb(list, end))
			return false;
		*start += ranges->base;
		*end += ranges->base;
		return true;
	case DW_RLE_start_end:
		return read_number(list, start, sizeof(*start)) && read_number(list, end, sizeof(*end));
	case DW_RLE_start_length:
		if (!read_number(list, start, sizeof(*start)) || !read_uleb(list, &size))
			return false;
		*end = *start + size;
		return true;
	default: /* the end, or what no DWARF has */
		return false;
	}
}

static bool next_of_list(struct debug_ranges *ranges, uint64_t *start, uint64_t *end)
{
	bool is_range;
	uint8_t kind;

	while (read_number(&ranges->list, &kind, 1) && read_entry(ranges, kind, start, end, &is_range)) {
		if (is_range)
			return true;
	}
	return false;
}

bool debug_ranges_next(struct debug_ranges *ranges, uint64_t *start, uint64_t *end)
{
	Dwarf_Attribute attribute;

	if (!ranges->split) {
		ranges->position = dwarf_ranges(ranges->entry, ranges->position, &ranges->libdw_base, start, end);
		return ranges->position > 0;
	}
	if (!ranges->started) {
		ranges->started = true;
		if (!dwarf_attr(ranges->entry, DW_AT_ranges, &attribute))
			return single_range(ranges, start, end);
		find_list(ranges, &attribute);
	}
	return ranges->split->version < 5 ? next_of_pairs(ranges, start, end) : next_of_list(ranges, start, end);
}

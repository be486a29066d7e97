// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbolize/line_program.h"

#include <dwarf.h>
#include <string.h>

static bool skip(struct debug_section *from, uint64_t size)
{
	if (from->size_bytes < size)
		return false;
	from->bytes += size;
	from->size_bytes -= size;
	return true;
}

static bool read_number(struct debug_section *from, uint64_t *number, size_t size)
{
	const uint8_t *at = from->bytes;

	if (!skip(from, size))
		return false;
	*number = 0;
	memcpy(number, at, size);
	return true;
}

static bool read_uleb(struct debug_section *from, uint64_t *number)
{
	uint64_t byte = 0x80;

	*number = 0;
	for (unsigned int shift = 0; byte & 0x80; shift += 7) {
		if (!read_number(from, &byte, 1))
			return false;
		if (shift < 64)
			*number |= (byte & 0x7f) << shift;
	}
	return true;
}

/* What the header says of the opcodes. */
struct opcodes {
	uint64_t base;             /* the first special one */
	const uint8_t *n_operands; /* of the standard ones, from 1 on */
};

/* Leaves the program itself in `from`. */
static bool read_header(struct debug_section *from, struct opcodes *opcodes)
{
	uint64_t length, version, header_length, number;
	struct debug_section header;
	size_t offset_size = 4;

	if (!read_number(from, &length, 4))
		return false;
	if (length == 0xffffffff) {
		offset_size = 8;
		if (!read_number(from, &length, 8))
			return false;
	}
	if (length < from->size_bytes)
		from->size_bytes = length;
	if (!read_number(from, &version, 2) || (version >= 5 && !skip(from, 2)) ||
	    !read_number(from, &header_length, offset_size))
		return false;
	header = *from;
	/* Shortest instruction, from DWARF 4 on operations of one, default_is_stmt, line_base, line_range. */
	if (!skip(&header, version >= 4 ? 5 : 4) || !read_number(&header, &number, 1) || !number)
		return false;
	opcodes->base = number;
	opcodes->n_operands = header.bytes - 1;
	return skip(&header, number - 1) && skip(from, header_length);
}

static bool skip_operands(struct debug_section *from, const struct opcodes *opcodes, uint64_t opcode)
{
	uint64_t number;

	if (opcode == DW_LNS_fixed_advance_pc)
		return skip(from, 2);
	for (int i = opcodes->n_operands[opcode]; i > 0; i--) {
		if (!read_uleb(from, &number))
			return false;
	}
	return true;
}

uint64_t line_program_rows(const struct debug_section *lines, uint64_t offset, uint64_t max)
{
	struct debug_section from = *lines;
	struct opcodes opcodes;
	uint64_t n = 0, opcode, length;

	if (!skip(&from, offset) || !read_header(&from, &opcodes))
		return 0;
	while (n < max && read_number(&from, &opcode, 1)) {
		if (opcode >= opcodes.base) {
			n++;
		} else if (opcode) {
			n += opcode == DW_LNS_copy;
			if (!skip_operands(&from, &opcodes, opcode))
				break;
		} else {
			/* Extended: its length, then its own opcode. */
			if (!read_uleb(&from, &length) || !length || !read_number(&from, &opcode, 1))
				break;
			n += opcode == DW_LNE_end_sequence;
			if (!skip(&from, length - 1))
				break;
		}
	}
	return n;
}

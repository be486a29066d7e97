// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/call_sites.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES (256 * 1024)

/* A window over the code, which is walked from low to high addresses. */
struct code_reader {
	const struct unwind_image *image;
	const struct code_segment *segment;
	uint64_t start; /* address of bytes[0] */
	size_t length;
	uint8_t *bytes; /* WINDOW_BYTES */
};

/* x86-64: ff /2 with SIB byte and 32-bit displacement is the longest, its prefixes left aside. */
#define X86_CALL_MAX_BYTES 7
#define ARM_CALL_BYTES 4

/* How far before the wanted bytes a window begins: the next steps look back by less. */
#define LOOK_BACK_BYTES 16

static bool move(struct code_reader *reader, uint64_t address)
{
	uint64_t start =
	    address - reader->segment->start > LOOK_BACK_BYTES ? address - LOOK_BACK_BYTES : reader->segment->start;
	uint64_t size = reader->segment->end - start;

	if (size > WINDOW_BYTES)
		size = WINDOW_BYTES;
	reader->start = start;
	reader->length =
	    unwind_source_some(&reader->image->source, reader->segment->file_offset + (start - reader->segment->start),
	                       reader->bytes, (size_t)size);
	return reader->length == size;
}

/*
 * The code from an address on, and how much of it is at hand: at least `wanted` bytes, or up to
 * the end of the segment. NULL if it cannot be read.
 */
static const uint8_t *code_at(struct code_reader *reader, uint64_t address, size_t wanted, size_t *available)
{
	uint64_t left = reader->segment->end - address;

	if (left < wanted)
		wanted = (size_t)left;
	if (address < reader->start || address + wanted > reader->start + reader->length) {
		if (!move(reader, address)) {
			reader->length = 0;
			return NULL;
		}
	}
	*available = reader->length - (size_t)(address - reader->start);
	return reader->bytes + (address - reader->start);
}

/* Length of an indirect call by its bytes, of which there are `left`: ff /2. 0 if it is none. */
static size_t indirect_call(const uint8_t *bytes, size_t left)
{
	unsigned int mod, rm;
	size_t length = 2;

	if (left < 2 || (bytes[1] & 0x38) != 0x10)
		return 0;
	mod = bytes[1] >> 6;
	rm = bytes[1] & 7;
	if (mod == 1)
		length += 1;
	else if (mod == 2 || (mod == 0 && rm == 5))
		length += 4;
	if (mod != 3 && rm == 4) {
		if (left < 3)
			return 0;
		length += mod == 0 && (bytes[2] & 7) == 5 ? 5 : 1;
	}
	return length <= left ? length : 0;
}

/* Length of what may be a call at an address, by its bytes. 0 if it is none. */
static size_t x86_call(const struct code_reader *reader, uint64_t address, const uint8_t *bytes, size_t left)
{
	uint32_t distance;

	switch (bytes[0]) {
	case 0xe8:
		if (left < 5)
			return 0;
		memcpy(&distance, bytes + 1, sizeof(distance));
		address += 5 + (uint64_t)(int32_t)le32toh(distance);
		return unwind_image_code(reader->image, address) ? 5 : 0;
	case 0xff:
		return indirect_call(bytes, left);
	case 0x0f:
		return left >= 2 && bytes[1] == 0x05 ? 2 : 0; /* syscall */
	default:
		return 0;
	}
}

/* The first place of [i, n) where the byte may begin a call, or n. */
static size_t skip_to_call_byte(const uint8_t *bytes, size_t i, size_t n)
{
	static const bool begins[256] = {[0x0f] = true, [0xe8] = true, [0xff] = true};

	while (i < n && !begins[bytes[i]])
		i++;
	return i;
}

/* Whether [start, end) may hold the last byte of a call. */
static bool x86_holds_call(struct code_reader *reader, uint64_t start, uint64_t end)
{
	uint64_t lowest = reader->segment->start, address = lowest;

	if (start - lowest >= X86_CALL_MAX_BYTES)
		address = start - (X86_CALL_MAX_BYTES - 1);
	while (address < end) {
		size_t available, i = 0, n;
		const uint8_t *bytes = code_at(reader, address, X86_CALL_MAX_BYTES, &available);

		if (!bytes)
			return true;
		/* What is too near the window's end is looked at again in the next one. */
		n = available;
		if (address + available < reader->segment->end)
			n -= X86_CALL_MAX_BYTES - 1;
		if (n > end - address)
			n = (size_t)(end - address);
		while ((i = skip_to_call_byte(bytes, i, n)) < n) {
			size_t length = x86_call(reader, address + i, bytes + i, available - i);
			uint64_t last = address + i + length - 1;

			if (length && last >= start && last < end)
				return true;
			i++;
		}
		address += n;
	}
	return false;
}

/* Arm Architecture Reference Manual, C6.2: BL, BLR (and with authentication), SVC. */
static bool is_arm_call(const struct code_reader *reader, uint64_t address, uint32_t instruction)
{
	if ((instruction & 0xfc000000) == 0x94000000) {
		int64_t words = (int32_t)(instruction << 6) >> 6;

		return unwind_image_code(reader->image, address + (uint64_t)(words * 4));
	}
	return (instruction & 0xfefff000) == 0xd63f0000 || (instruction & 0xffe0001f) == 0xd4000001;
}

static bool arm_holds_call(struct code_reader *reader, uint64_t start, uint64_t end)
{
	uint64_t address = start & ~(uint64_t)(ARM_CALL_BYTES - 1);

	if (address < reader->segment->start)
		address += ARM_CALL_BYTES;
	for (; address + ARM_CALL_BYTES <= end; address += ARM_CALL_BYTES) {
		size_t available;
		const uint8_t *bytes = code_at(reader, address, ARM_CALL_BYTES, &available);
		uint32_t instruction;

		if (!bytes)
			return true;
		if (available < ARM_CALL_BYTES)
			return false;
		memcpy(&instruction, bytes, sizeof(instruction));
		if (is_arm_call(reader, address, le32toh(instruction)))
			return true;
	}
	return false;
}

static bool holds_call(struct code_reader *reader, uint64_t start, uint64_t end)
{
	if (!reader->segment || start < reader->segment->start || start >= reader->segment->end) {
		reader->segment = unwind_image_code(reader->image, start);
		reader->length = 0;
	}
	if (!reader->segment)
		return true;
	if (end > reader->segment->end)
		end = reader->segment->end;
	if (reader->image->machine == EM_AARCH64)
		return arm_holds_call(reader, start, end);
	return x86_holds_call(reader, start, end);
}

int steps_keep_call_sites(struct steps *steps, const struct unwind_image *image, uint64_t origin)
{
	struct code_reader reader = {.image = image, .bytes = calloc(1, WINDOW_BYTES)};
	size_t n = 0;

	if (!reader.bytes)
		return -ENOMEM;
	for (size_t i = 0; i < steps->n; i++) {
		struct step step = steps->all[i];
		uint64_t end = i + 1 < steps->n ? steps->all[i + 1].offset : step.offset;

		/* What says the same as the step before says nothing, call or not. */
		if (n && steps->all[n - 1].what == step.what)
			continue;
		if (step.what & (STEP_GAP | STEP_KEPT) || holds_call(&reader, origin + step.offset, origin + end))
			steps->all[n++] = step;
	}
	steps->n = n;
	free(reader.bytes);
	return 0;
}

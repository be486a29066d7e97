/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct calls of a function, found by scanning code.
 */
#include <errno.h>
#include <stdlib.h>

#include "probe/decode.h"
#include "probe/elf_internal.h"
#include "probe/machine.h"

#define FUNCTION_MAX_BYTES (1 << 20)

/* Encodings of pointers: Linux Standard Base Core 5.0, 10.5.1 "DWARF Exception Header Encoding". */
#define DW_EH_PE_udata4 0x03
#define DW_EH_PE_sdata4 0x0b
#define DW_EH_PE_datarel_sdata4 0x3b

/* The binary search table of .eh_frame_hdr (LSB Core 5.0, 10.6.2). */
struct function_table {
	uint64_t address; /* of .eh_frame_hdr, which its entries are relative to */
	uint64_t offset;  /* of the first entry, in the file */
	uint64_t count;
};

static int find_function_table(const struct elf_file *file, struct function_table *table)
{
	const Elf64_Phdr *segment = elf_segment_of_type(file, PT_GNU_EH_FRAME);
	uint8_t header[4]; /* version, encodings of: pointer to .eh_frame, count, table */
	uint32_t count;

	if (!segment || elf_read_some(file->fd, segment->p_offset, header, sizeof(header)) != sizeof(header) ||
	    header[0] != 1 || ((header[1] & 0xf) != DW_EH_PE_sdata4 && (header[1] & 0xf) != DW_EH_PE_udata4) ||
	    header[2] != DW_EH_PE_udata4 || header[3] != DW_EH_PE_datarel_sdata4 ||
	    elf_read_some(file->fd, segment->p_offset + 8, &count, sizeof(count)) != sizeof(count))
		return -ENOENT;
	table->address = segment->p_vaddr;
	table->offset = segment->p_offset + 12;
	table->count = count;
	return 0;
}

static int function_start(const struct elf_file *file, const struct function_table *table, uint64_t index,
                          uint64_t *start)
{
	int32_t entry[2]; /* start of the function, its FDE */

	if (elf_read_some(file->fd, table->offset + index * sizeof(entry), entry, sizeof(entry)) != sizeof(entry))
		return -ENOENT;
	*start = table->address + (uint64_t)(int64_t)entry[0];
	return 0;
}

/* The start of the last function that begins at or before the address. 0 or -ENOENT. */
static int enclosing_function(const struct elf_file *file, const struct function_table *table, uint64_t address,
                              uint64_t *start)
{
	uint64_t low = 0, high = table->count, at;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (function_start(file, table, middle, &at))
			return -ENOENT;
		if (at <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? function_start(file, table, low - 1, start) : -ENOENT;
}

/* Does an instruction begin at the address, as far as can be told? */
static bool is_instruction(const struct elf_file *file, const struct function_table *table, uint64_t address)
{
	const uint8_t *code = NULL;
	struct decoder decoder;
	size_t at = 0, size;
	uint64_t start;

	if (enclosing_function(file, table, address, &start) || address - start > FUNCTION_MAX_BYTES)
		return true;
	size = (size_t)(address - start);
	if (elf_file_code(file, start, size + MACHINE_CALL_BYTES, &code) < size + MACHINE_CALL_BYTES ||
	    decoder_open(&decoder))
		return true;
	while (at < size && decoder_next(&decoder, code, size + MACHINE_CALL_BYTES, start, &at))
		;
	decoder_close(&decoder);
	return at == size;
}

struct scan {
	const struct elf_file *file;
	struct function_table table;
	uint64_t target;
	void (*found)(void *context, uint64_t return_address);
	void *context;
};

static void scan_bytes(const struct scan *scan, const uint8_t *bytes, size_t size, uint64_t address)
{
	uint64_t target;

	for (size_t at = 0; decode_find_call(bytes, size, address, &at, &target); at += MACHINE_CODE_ALIGN_BYTES)
		if (target == scan->target && is_instruction(scan->file, &scan->table, address + at))
			scan->found(scan->context, address + at + MACHINE_CALL_BYTES);
}

static void scan_segment(const struct scan *scan, const Elf64_Phdr *segment)
{
	uint8_t *bytes = malloc(ELF_WINDOW_BYTES);
	uint64_t done = 0;

	while (bytes && segment->p_filesz - done >= MACHINE_CALL_BYTES) {
		uint64_t left = segment->p_filesz - done;
		size_t wanted = left < ELF_WINDOW_BYTES ? (size_t)left : ELF_WINDOW_BYTES;
		size_t size = elf_read_some(scan->file->fd, segment->p_offset + done, bytes, wanted);

		if (size < MACHINE_CALL_BYTES)
			break;
		scan_bytes(scan, bytes, size, segment->p_vaddr + done);
		/* A call may straddle two reads, where it need not be aligned. */
		done += size - (MACHINE_CALL_BYTES - MACHINE_CODE_ALIGN_BYTES);
	}
	free(bytes);
}

void elf_file_direct_calls(const struct elf_file *file, uint64_t target,
                           void (*found)(void *context, uint64_t return_address), void *context)
{
	struct scan scan = {.file = file, .target = target, .found = found, .context = context};

	if (find_function_table(file, &scan.table))
		scan.table.count = 0;
	for (size_t i = 0; i < file->n_segments; i++)
		if (file->segments[i].p_type == PT_LOAD && file->segments[i].p_flags & PF_X)
			scan_segment(&scan, &file->segments[i]);
}

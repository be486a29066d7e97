/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an ELF file; or, where they do not begin as one, as the section of call frame
 * information of a file that is well made otherwise: a byte of flags, then the section.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/unwind.h"

#define CODE_ADDRESS 0x1000
#define CODE_BYTES 0x10000
#define FRAME_ADDRESS 0x40000

enum { FLAG_ARM = 1, FLAG_DEBUG = 2, FLAG_PACKED = 4, FLAG_NO_SECTIONS = 8 };

struct file {
	Elf64_Ehdr elf;
	Elf64_Phdr segments[3];
	Elf64_Shdr sections[3];
	char names[32];
	uint8_t frame_header[12];
	uint8_t code[CODE_BYTES];
};

static const char *const names[] = {".eh_frame", ".debug_frame", ".zdebug_frame"};

static void describe(struct file *file, uint8_t flags, size_t size)
{
	const char *name = names[flags & FLAG_DEBUG ? (flags & FLAG_PACKED ? 2 : 1) : 0];

	file->elf = (Elf64_Ehdr){
	    .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
	    .e_type = ET_DYN,
	    .e_machine = flags & FLAG_ARM ? EM_AARCH64 : EM_X86_64,
	    .e_phoff = offsetof(struct file, segments),
	    .e_phnum = 3,
	    .e_phentsize = sizeof(Elf64_Phdr),
	    .e_shoff = flags & FLAG_NO_SECTIONS ? 0 : offsetof(struct file, sections),
	    .e_shnum = 3,
	    .e_shentsize = sizeof(Elf64_Shdr),
	    .e_shstrndx = 2,
	};
	file->segments[0] = (Elf64_Phdr){
	    .p_type = PT_LOAD,
	    .p_flags = PF_X,
	    .p_offset = offsetof(struct file, code),
	    .p_vaddr = CODE_ADDRESS,
	    .p_filesz = CODE_BYTES,
	    .p_memsz = CODE_BYTES,
	};
	file->segments[1] = (Elf64_Phdr){
	    .p_type = PT_LOAD,
	    .p_offset = sizeof(*file),
	    .p_vaddr = FRAME_ADDRESS,
	    .p_filesz = size,
	    .p_memsz = size,
	};
	file->segments[2] = (Elf64_Phdr){
	    .p_type = PT_GNU_EH_FRAME,
	    .p_offset = offsetof(struct file, frame_header),
	    .p_vaddr = FRAME_ADDRESS - 12,
	};
	file->sections[1] = (Elf64_Shdr){
	    .sh_name = 1,
	    .sh_type = SHT_PROGBITS,
	    .sh_flags = flags & FLAG_PACKED ? SHF_COMPRESSED : 0,
	    .sh_offset = sizeof(*file),
	    .sh_addr = FRAME_ADDRESS,
	    .sh_size = size,
	};
	file->sections[2] = (Elf64_Shdr){
	    .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct file, names), .sh_size = sizeof(file->names)};
	strcpy(file->names + 1, name);
	memcpy(file->frame_header, (const uint8_t[]){1, 0x1b, 0xff, 0xff, 8, 0, 0, 0}, 8);
}

/* The file with the section behind it, as large as it is, for the sanitizer to see what reads too far. */
static uint8_t *wrap(uint8_t flags, const uint8_t *frame, size_t size)
{
	uint8_t *bytes = calloc(1, sizeof(struct file) + size);
	struct file *file = (struct file *)bytes;

	if (!bytes)
		abort();
	describe(file, flags, size);
	/* What may be calls, every 64 bytes. */
	for (size_t i = 0; i < CODE_BYTES; i += 64)
		memcpy(file->code + i, (const uint8_t[]){0xe8, 0, 0, 0, 0, 0xff, 0xd0, 0, 1, 0, 0, 0x94}, 12);
	memcpy(bytes + sizeof(*file), frame, size);
	return bytes;
}

static void check_page(const struct unwind_table *table, const struct unwind_page *page)
{
	if (page->n_rows == 0 || page->n_rows > UNWIND_PAGE_MAX_ROWS ||
	    page->first_row + page->n_rows > table->n_rows || UNWIND_ROW_LOW(table->rows[page->first_row]) != 0)
		abort();
	for (uint32_t i = 0; i < page->n_rows; i++) {
		const uint32_t *row = &table->rows[page->first_row + i];

		if (UNWIND_ROW_RULE(*row) >= table->n_rules || (i && row[0] >> 16 <= row[-1] >> 16))
			abort();
	}
}

static void check(const struct unwind_table *table)
{
	if (table->rules[0].cfa != UNWIND_BAD || table->n_rules > UNWIND_MAX_RULES || table->n_pages == 0 ||
	    table->base % 0x10000)
		abort();
	for (size_t i = 0; i < table->n_rules; i++) {
		const struct unwind_rule *rule = &table->rules[i];

		if (rule->cfa >= UNWIND_CFA_COUNT || rule->fp > UNWIND_FP_LOST ||
		    (rule->cfa == UNWIND_REGISTER && (uint16_t)rule->second_offset >= UNWIND_SAVED_COUNT))
			abort();
	}
	for (size_t i = 0; i < table->n_pages; i++)
		check_page(table, &table->pages[i]);
	for (uint64_t i = 0; i < 64; i++)
		unwind_table_find(table, table->base - 0x1000 + i * 0x777);
}

static void build(const uint8_t *image, size_t size)
{
	for (int scope = UNWIND_CALL_SITES; scope <= UNWIND_ALL_CODE; scope++) {
		struct unwind_table table;

		if (!unwind_table_build_image(image, size, scope, &table))
			check(&table);
		unwind_table_free(&table);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size == 0)
		return 0;
	if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
		build(data, size);
		return 0;
	}
	bytes = wrap(data[0], data + 1, size - 1);
	build(bytes, sizeof(struct file) + size - 1);
	free(bytes);
	return 0;
}

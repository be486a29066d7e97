/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files with call frame information, made by hand. Code lies at CODE; .eh_frame behind it,
 * with addresses as they are (DW_EH_PE_absptr).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unwind/unwind.h"

#define CODE 0x10000
#define CODE_SIZE 0x40000
#define FRAME_ADDRESS 0x900000
#define BYTES_MAX 0x40000

/* x86-64: the CFA is rsp + 8, the return address at CFA - 8. */
#define USUAL_CFA 0x0c, 7, 8
#define USUAL_RETURN 0x90, 1
#define USUAL USUAL_CFA, USUAL_RETURN

struct bytes {
	uint8_t at[BYTES_MAX];
	size_t n;
};

static inline void append(struct bytes *bytes, const void *data, size_t size)
{
	assert_true(bytes->n + size <= BYTES_MAX);
	if (size)
		memcpy(bytes->at + bytes->n, data, size);
	bytes->n += size;
}

static inline void append_number(struct bytes *bytes, uint64_t number, size_t size)
{
	append(bytes, &number, size);
}

/* A file in the making. */
struct elf_draft {
	uint16_t machine;
	const char *section; /* name */
	uint64_t section_flags;
	uint64_t second_code; /* where the code is mapped once more; 0: nowhere */
	bool no_sections;     /* found by PT_GNU_EH_FRAME alone */
	struct bytes frame;
	uint8_t code[CODE_SIZE];
};

static inline struct elf_draft *draft_new(void)
{
	struct elf_draft *draft = calloc(1, sizeof(*draft));

	assert_non_null(draft);
	draft->machine = EM_X86_64;
	draft->section = ".eh_frame";
	memset(draft->code, 0x90, sizeof(draft->code));
	return draft;
}

/* The last part of an entry: all after its length; padded to 4 bytes with DW_CFA_nop. */
static inline void draft_entry(struct elf_draft *draft, const struct bytes *body)
{
	size_t padded = (body->n + 3) & ~(size_t)3;

	append_number(&draft->frame, padded, 4);
	append(&draft->frame, body->at, body->n);
	while (body->n < padded && draft->frame.n % 4)
		append_number(&draft->frame, 0, 1);
}

/* Returns the entry's offset. Code and data alignment are 1 and -8 (aarch64: 4 and -8). */
static inline size_t draft_cie(struct elf_draft *draft, const char *augmentation, const void *data, size_t data_size,
                               const void *program, size_t program_size)
{
	struct bytes *body = calloc(1, sizeof(*body));
	size_t offset = draft->frame.n;

	append_number(body, strcmp(draft->section, ".eh_frame") ? UINT32_MAX : 0, 4);
	append_number(body, 1, 1);
	append(body, augmentation, strlen(augmentation) + 1);
	append_number(body, draft->machine == EM_AARCH64 ? 4 : 1, 1);
	append_number(body, 0x78, 1);
	append_number(body, draft->machine == EM_AARCH64 ? 30 : 16, 1);
	if (*augmentation == 'z')
		append_number(body, data_size, 1);
	append(body, data, data_size);
	append(body, program, program_size);
	draft_entry(draft, body);
	free(body);
	return offset;
}

static inline void draft_fde(struct elf_draft *draft, size_t cie, bool augmented, uint64_t start, uint64_t size,
                             const void *program, size_t program_size)
{
	struct bytes *body = calloc(1, sizeof(*body));

	append_number(body, strcmp(draft->section, ".eh_frame") ? cie : draft->frame.n + 4 - cie, 4);
	append_number(body, start, 8);
	append_number(body, size, 8);
	if (augmented)
		append_number(body, 0, 1);
	append(body, program, program_size);
	draft_entry(draft, body);
	free(body);
}

#define CIE(draft, ...) \
	draft_cie(draft, "", NULL, 0, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define FDE(draft, cie, start, size, ...) \
	draft_fde(draft, cie, false, start, size, (const uint8_t[]){__VA_ARGS__}, \
	          sizeof((const uint8_t[]){__VA_ARGS__}))

/* The file's bytes, for the caller to free. */
static inline uint8_t *draft_finish(const struct elf_draft *draft, size_t *size)
{
	static const char names[] = "\0.shstrtab";
	size_t code = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr), frame = code + CODE_SIZE;
	size_t hdr = frame + draft->frame.n, text = hdr + 12;
	size_t sections = text + sizeof(names) + strlen(draft->section) + 1;
	uint8_t *bytes, eh_header[12] = {1, 0x1b, 0xff, 0xff};
	int32_t distance = (int32_t) - (draft->frame.n + 4);
	Elf64_Ehdr elf = {
	    .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
	    .e_type = ET_DYN,
	    .e_machine = draft->machine,
	    .e_version = EV_CURRENT,
	    .e_phoff = sizeof(elf),
	    .e_phnum = 4,
	    .e_phentsize = sizeof(Elf64_Phdr),
	    .e_ehsize = sizeof(elf),
	    .e_shoff = draft->no_sections ? 0 : sections,
	    .e_shnum = draft->no_sections ? 0 : 3,
	    .e_shentsize = sizeof(Elf64_Shdr),
	    .e_shstrndx = 2,
	};
	const Elf64_Phdr segments[] = {
	    {.p_type = PT_LOAD,
	     .p_flags = PF_R | PF_X,
	     .p_offset = code,
	     .p_vaddr = CODE,
	     .p_filesz = CODE_SIZE,
	     .p_memsz = CODE_SIZE},
	    {.p_type = PT_LOAD,
	     .p_flags = PF_R,
	     .p_offset = frame,
	     .p_vaddr = FRAME_ADDRESS,
	     .p_filesz = draft->frame.n + 12,
	     .p_memsz = draft->frame.n + 12},
	    {.p_type = draft->no_sections ? PT_GNU_EH_FRAME : PT_NULL,
	     .p_offset = hdr,
	     .p_vaddr = FRAME_ADDRESS + draft->frame.n,
	     .p_filesz = 12},
	    {.p_type = draft->second_code ? PT_LOAD : PT_NULL,
	     .p_flags = PF_X,
	     .p_offset = code,
	     .p_vaddr = draft->second_code,
	     .p_filesz = CODE_SIZE,
	     .p_memsz = 2 * CODE_SIZE},
	};
	const Elf64_Shdr headers[] = {
	    {0},
	    {.sh_name = sizeof(names),
	     .sh_type = SHT_PROGBITS,
	     .sh_flags = draft->section_flags,
	     .sh_offset = frame,
	     .sh_addr = FRAME_ADDRESS,
	     .sh_size = draft->frame.n},
	    {.sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = text, .sh_size = sections - text},
	};

	*size = sections + sizeof(headers);
	bytes = calloc(1, *size);
	assert_non_null(bytes);
	memcpy(eh_header + 4, &distance, sizeof(distance));
	memcpy(bytes, &elf, sizeof(elf));
	memcpy(bytes + elf.e_phoff, segments, sizeof(segments));
	memcpy(bytes + code, draft->code, CODE_SIZE);
	memcpy(bytes + frame, draft->frame.at, draft->frame.n);
	memcpy(bytes + hdr, eh_header, sizeof(eh_header));
	memcpy(bytes + text, names, sizeof(names));
	memcpy(bytes + text + sizeof(names), draft->section, strlen(draft->section) + 1);
	memcpy(bytes + sections, headers, sizeof(headers));
	return bytes;
}

/* Builds the table of a draft, which is freed. What unwind_table_build_image() returns. */
static inline int draft_build(struct elf_draft *draft, enum unwind_scope scope, struct unwind_table *table)
{
	size_t size;
	uint8_t *bytes = draft_finish(draft, &size);
	int err = unwind_table_build_image(bytes, size, scope, table);

	free(bytes);
	free(draft);
	return err;
}

static inline void assert_cfa(const struct unwind_table *table, uint64_t address, enum unwind_cfa cfa, int32_t offset)
{
	const struct unwind_rule *rule = unwind_table_find(table, address);

	if (rule->cfa != cfa || rule->cfa_offset != offset)
		fail_msg("at %#lx: CFA %u%+d, expected %u%+d", address, rule->cfa, rule->cfa_offset, cfa, offset);
}

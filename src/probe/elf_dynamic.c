/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PT_DYNAMIC: what the dynamic loader goes by, sections or not. And the names behind
 * PLT stubs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/decode.h"
#include "probe/elf_internal.h"

#define ENTRIES_MAX 4096
#define STUB_BYTES 16

static void take_entry(struct elf_dynamic *dynamic, const Elf64_Dyn *entry, uint64_t *soname)
{
	uint64_t value = entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_SYMTAB:
		dynamic->symbols = value;
		break;
	case DT_STRTAB:
		dynamic->strings = value;
		break;
	case DT_STRSZ:
		dynamic->strings_size = value;
		break;
	case DT_VERSYM:
		dynamic->versions = value;
		break;
	case DT_HASH:
		dynamic->hash = value;
		break;
	case DT_GNU_HASH:
		dynamic->gnu_hash = value;
		break;
	case DT_RELA:
		dynamic->relocations = value;
		break;
	case DT_RELASZ:
		dynamic->relocations_size = value;
		break;
	case DT_JMPREL:
		dynamic->plt_relocations = value;
		break;
	case DT_PLTRELSZ:
		dynamic->plt_relocations_size = value;
		break;
	case DT_FLAGS_1:
		dynamic->flags_1 = value;
		break;
	case DT_NEEDED:
		dynamic->needs_libraries = true;
		break;
	case DT_SONAME:
		*soname = value;
		break;
	default:
		break;
	}
}

/* A copy of the dynamic string at an index; NULL if there is none or no memory. */
static char *dynamic_string(const struct elf_file *file, uint64_t index)
{
	struct elf_window window = ELF_WINDOW(file->fd);
	uint64_t offset, limit;
	const char *string = NULL;
	char *copy = NULL;

	if (index < file->dynamic.strings_size && !elf_offset_of(file, file->dynamic.strings, &offset) &&
	    !__builtin_add_overflow(offset, file->dynamic.strings_size, &limit))
		string = elf_window_string(&window, offset + index, limit);
	if (string)
		copy = strdup(string);
	elf_window_close(&window);
	return copy;
}

void elf_dynamic_read(struct elf_file *file)
{
	const Elf64_Phdr *segment = elf_segment_of_type(file, PT_DYNAMIC);
	struct elf_window window = ELF_WINDOW(file->fd);
	uint64_t n = segment ? segment->p_filesz / sizeof(Elf64_Dyn) : 0;
	uint64_t soname = UINT64_MAX;

	for (uint64_t i = 0; i < n && i < ENTRIES_MAX; i++) {
		const void *bytes =
		    elf_window_at(&window, segment->p_offset + i * sizeof(Elf64_Dyn), sizeof(Elf64_Dyn));
		Elf64_Dyn entry;

		if (!bytes)
			break;
		memcpy(&entry, bytes, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		take_entry(&file->dynamic, &entry, &soname);
	}
	elf_window_close(&window);
	if (soname != UINT64_MAX)
		file->dynamic.soname = dynamic_string(file, soname);
}

void elf_dynamic_free(struct elf_dynamic *dynamic)
{
	free(dynamic->soname);
}

/* The symbol that a relocation puts into the slot, in one relocation table. 0 or -ENOENT. */
static int slot_symbol(const struct elf_file *file, uint64_t table, uint64_t bytes, uint64_t slot, uint32_t *symbol)
{
	struct elf_window window = ELF_WINDOW(file->fd);
	uint64_t offset;
	int err = -ENOENT;

	if (!table || bytes > file->size || elf_offset_of(file, table, &offset) || offset > INT64_MAX)
		return -ENOENT;
	for (uint64_t i = 0; i < bytes / sizeof(Elf64_Rela); i++) {
		const void *entry = elf_window_at(&window, offset + i * sizeof(Elf64_Rela), sizeof(Elf64_Rela));
		Elf64_Rela relocation;

		if (!entry)
			break;
		memcpy(&relocation, entry, sizeof(relocation));
		if (relocation.r_offset != slot || ELF64_R_SYM(relocation.r_info) == 0)
			continue;
		*symbol = (uint32_t)ELF64_R_SYM(relocation.r_info);
		err = 0;
		break;
	}
	elf_window_close(&window);
	return err;
}

int elf_file_slot_name(const struct elf_file *file, uint64_t slot, char *name, size_t size)
{
	const struct elf_dynamic *dynamic = &file->dynamic;
	const struct elf_symbols *symbols = &file->lazy->dynsym;
	uint32_t index;
	Elf64_Sym symbol;
	char *string;
	int err;

	if (slot_symbol(file, dynamic->plt_relocations, dynamic->plt_relocations_size, slot, &index) &&
	    slot_symbol(file, dynamic->relocations, dynamic->relocations_size, slot, &index))
		return -ENOENT;
	if (index >= symbols->count || elf_read_some(file->fd, symbols->offset + index * sizeof(symbol), &symbol,
	                                             sizeof(symbol)) != sizeof(symbol))
		return -ENOENT;
	string = dynamic_string(file, symbol.st_name);
	if (!string)
		return -ENOENT;
	err = strlen(string) < size ? 0 : -ENOENT;
	if (!err)
		strcpy(name, string);
	free(string);
	return err;
}

int elf_file_stub_name(const struct elf_file *file, uint64_t address, char *name, size_t size)
{
	const uint8_t *code = NULL;
	size_t bytes = elf_file_code(file, address, STUB_BYTES, &code);
	uint64_t slot;

	return decode_stub(code, bytes, address, &slot) ? elf_file_slot_name(file, slot, name, size) : -ENOENT;
}

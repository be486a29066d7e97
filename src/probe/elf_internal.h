/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the ELF reader share: elf_file.c (headers, code), elf_dynamic.c
 * (PT_DYNAMIC, imports), elf_symbols.c, elf_calls.c and elf_cfi.c. Nobody else's.
 *
 * "offset" is a place in the file, "address" a virtual address in it.
 */
#ifndef MEMTRACE_PROBE_ELF_INTERNAL_H
#define MEMTRACE_PROBE_ELF_INTERNAL_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/elf_file.h"
#include "probe/elf_window.h"

/* A table of symbols with its strings. Its index is built at first use. */
struct elf_symbols {
	uint64_t offset, count;
	uint64_t strings_offset, strings_size;
	uint64_t versions_offset;    /* of .gnu.version; 0: none */
	struct elf_symbol_key *keys; /* functions, sorted by hash */
	size_t n_keys;
	bool indexed;
};

/* What PT_DYNAMIC says; addresses, as it has them. */
struct elf_dynamic {
	uint64_t symbols, strings, strings_size, versions;
	uint64_t hash, gnu_hash;
	uint64_t relocations, relocations_size;         /* DT_RELA */
	uint64_t plt_relocations, plt_relocations_size; /* DT_JMPREL */
	uint64_t flags_1;
	bool needs_libraries;
	char *soname; /* NULL: none */
};

/* Code read from the file; kept until the file is closed. */
struct elf_code {
	struct elf_code *next;
	uint64_t offset;
	size_t size;
	uint8_t bytes[];
};

/* What is filled in later, on demand. */
struct elf_lazy {
	struct elf_code *code;
	struct elf_symbols dynsym, symtab;
	void *cfi; /* elf_cfi.c's */
	bool cfi_tried;
};

struct elf_file {
	int fd; /* our own */
	uint64_t size;
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	size_t n_segments;
	struct elf_dynamic dynamic;
	struct elf_lazy *lazy;
};

/* The PT_LOAD segment whose file part holds the address, or NULL. */
const Elf64_Phdr *elf_segment_at(const struct elf_file *file, uint64_t address);
/* The first segment of a type, or NULL. */
const Elf64_Phdr *elf_segment_of_type(const struct elf_file *file, uint32_t type);
/* Virtual address to file offset. 0 or -ERANGE. */
int elf_offset_of(const struct elf_file *file, uint64_t address, uint64_t *offset);

/* Reads PT_DYNAMIC. A file without one, or with a broken one, is one without dynamic part. */
void elf_dynamic_read(struct elf_file *file);
void elf_dynamic_free(struct elf_dynamic *dynamic);

/* Finds .dynsym and .symtab, by section headers, else by PT_DYNAMIC. */
void elf_symbols_find(struct elf_file *file);
void elf_symbols_free(struct elf_symbols *symbols);

void elf_cfi_free(void *cfi);

#endif

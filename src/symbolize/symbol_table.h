/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function symbols of a program, sorted by address. Names are the ELF files' own
 * memory and live as long as their Elf handles.
 */
#ifndef MEMTRACE_SYMBOLIZE_SYMBOL_TABLE_H
#define MEMTRACE_SYMBOLIZE_SYMBOL_TABLE_H

#include <libelf.h>
#include <stdbool.h>

#include "symbolize/intervals.h"

struct elf_symbol_name {
	uint64_t start;   /* virtual address in the file */
	const char *name; /* as the linker has it: mangled, with its version */
	bool has_size;    /* else where it ends is a guess */
};

/* All zeroes is an empty table. */
struct symbol_table {
	struct intervals places; /* value: index into names */
	struct elf_symbol_name *names;
	size_t n_names;
};

/* A table to take symbols from. */
struct symbol_source {
	Elf *elf;
	uint32_t type; /* SHT_SYMTAB or SHT_DYNSYM */
	int64_t bias;  /* added to its addresses */
};

/* Does the file have that table, not an empty one? */
bool symbol_table_present(Elf *elf, uint32_t type);

/* 0 or -errno; sources without symbols give an empty table. On error the table is empty. */
int symbol_table_read(struct symbol_table *symbols, const struct symbol_source *sources, size_t n);
void symbol_table_clear(struct symbol_table *symbols);

/*
 * The function that holds the address, or NULL. A symbol without a size reaches to the next
 * one or its section's end; what lies behind a sized symbol's end belongs to none. Of several
 * names for one place the global or weak one with the fewest leading underscores, then the
 * first in byte order.
 */
const struct elf_symbol_name *symbol_table_find(const struct symbol_table *symbols, uint64_t address);

#endif

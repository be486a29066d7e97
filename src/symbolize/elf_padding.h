/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libdw (0.188) follows strings without looking where their section ends. So every
 * section that it reads from ends in a NUL: nearly all do by themselves, the others are
 * put before libdw as a copy with one behind it.
 */
#ifndef MEMTRACE_SYMBOLIZE_ELF_PADDING_H
#define MEMTRACE_SYMBOLIZE_ELF_PADDING_H

#include <libelf.h>
#include <stddef.h>

struct elf_padded {
	Elf_Data *data;
	void *original, *copy;
};

/* All zeroes is an empty one. */
struct elf_padding {
	struct elf_padded *items;
	size_t n;
};

/*
 * Pads all sections that libdw may read from. To be called after dwarf_begin_elf(), which
 * unpacks them, and before libdw reads from them. 0 or -ENOMEM.
 */
int elf_padding_add(struct elf_padding *padding, Elf *elf);

/* To be called after dwarf_end() and before elf_end(). */
void elf_padding_clear(struct elf_padding *padding);

#endif

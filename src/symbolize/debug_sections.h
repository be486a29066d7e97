/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug sections of one ELF file, as libdw gets to see them: read and unpacked here,
 * and laid out as a small ELF file in memory.
 *
 * libdw (0.188) trusts too much for files that a target controls: it unpacks whatever a
 * section claims to hold, follows strings without looking where their section ends, knows
 * no zstd, and opens further files by names that the file gives. So it is shown a copy in
 * which all is unpacked, every section ends in NUL bytes, and no file descriptor stands
 * behind. Sections that symbolizing does not need are left out.
 */
#ifndef MEMTRACE_SYMBOLIZE_DEBUG_SECTIONS_H
#define MEMTRACE_SYMBOLIZE_DEBUG_SECTIONS_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum debug_section_id {
	DEBUG_INFO,
	DEBUG_TYPES,
	DEBUG_ABBREV,
	DEBUG_LINE,
	DEBUG_LINE_STR,
	DEBUG_STR,
	DEBUG_STR_OFFSETS,
	DEBUG_ADDR,
	DEBUG_RANGES,
	DEBUG_RNGLISTS,
	DEBUG_CU_INDEX, /* of a package of split DWARF; not shown to libdw */
	DEBUG_SUP,      /* names the alternate file (DWARF 5, 7.3.6); not shown to libdw */
	DEBUG_ALTLINK,  /* names the alternate file (GNU); not shown to libdw */
	DEBUG_SECTIONS,
};

struct debug_section {
	uint8_t *bytes; /* in the image, or shared with the file it was taken from */
	size_t size_bytes;
};

struct debug_sections {
	uint8_t *image; /* an ELF file */
	size_t image_bytes;
	struct debug_section rows[DEBUG_SECTIONS];
};

/* Which sections of a file: its own, or those named .dwo of split DWARF. */
enum debug_kind { DEBUG_KIND_PLAIN, DEBUG_KIND_SPLIT };

/*
 * Reads the sections of `elf`, whose bytes are those of fd, or stand in memory (fd -1).
 * What it may take counts off *budget_bytes. 0 or -errno: -ENODATA without any, -EFBIG
 * when they are larger than the budget or than the file can reasonably hold.
 */
int debug_sections_read(struct debug_sections *sections, Elf *elf, int fd, enum debug_kind kind,
                        uint64_t *budget_bytes);

/*
 * Lays out an ELF file of these sections, which are copied. In `sections` it leaves the
 * places of the copies. 0 or -ENOMEM.
 */
int debug_sections_make(struct debug_sections *sections, const struct debug_section rows[DEBUG_SECTIONS],
                        enum debug_kind kind);

void debug_sections_clear(struct debug_sections *sections);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file as the prober sees it: function symbols and their code. The file
 * belongs to the target and is hostile: every offset and length is checked.
 */
#ifndef MEMTRACE_PROBE_ELF_FILE_H
#define MEMTRACE_PROBE_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

struct elf_symbol {
	uint64_t value;       /* virtual address in the file */
	uint64_t size_bytes;  /* 0 when the symbol does not say */
	uint64_t file_offset; /* where a uprobe goes */
};

/*
 * Reads the file behind fd (which stays the caller's; a duplicate is kept, tables and
 * code are read when they are asked for, by pread). Not for use by two threads at once. `error` gets one line on
 * failure. Returns 0 or -errno: -ENOEXEC when it is no 64-bit ELF of this machine.
 */
int elf_file_open(int fd, struct elf_file **file, char *error, size_t error_size);
void elf_file_free(struct elf_file *file);

/* Function symbol by exact name (versions cut off), .dynsym first, then .symtab. 0 or -ENOENT. */
int elf_file_symbol(const struct elf_file *file, const char *name, struct elf_symbol *symbol);
/* Calls `found` for every function symbol (aliases each), until it returns false. */
void elf_file_each_function(const struct elf_file *file, bool (*found)(void *context, const struct elf_symbol *symbol),
                            void *context);
/* Does the file call a function of that name in another one? */
bool elf_file_imports(const struct elf_file *file, const char *name);
/* Has a .symtab with at least one function. */
bool elf_file_has_symtab(const struct elf_file *file);
/* Has a PT_INTERP or PT_DYNAMIC with DT_NEEDED: not a static program. */
bool elf_file_is_dynamic(const struct elf_file *file);
/* ET_EXEC or a PIE, as against a shared library (a static PIE counts as a program). */
bool elf_file_is_program(const struct elf_file *file);
/* DT_SONAME, or NULL. Lives as long as the file. */
const char *elf_file_soname(const struct elf_file *file);
/* Carries Go's build ID note. */
bool elf_file_is_go(const struct elf_file *file);

/*
 * The bytes at a virtual address, at most `wanted`, cut at the end of the segment's
 * file part. Returns the number of bytes there are (0: not mapped); *code points into
 * the file's mapping and lives as long as it.
 */
size_t elf_file_code(const struct elf_file *file, uint64_t address, size_t wanted, const uint8_t **code);
/*
 * Virtual address - file offset of what is mapped executable from a page of the file on: that of
 * the executable segment there, which may begin within the page. 0 or -ERANGE.
 */
int elf_file_code_delta(const struct elf_file *file, uint64_t page_offset, int64_t *delta);
/* Copies the GNU build ID; returns its size in bytes, 0 without one. */
size_t elf_file_build_id(const struct elf_file *file, uint8_t *id, size_t size);

/*
 * Calls `found` for every direct call (call rel32, bl) in executable segments whose target
 * is `target`, with the virtual address of the return (the byte after the call). Bytes
 * that only look like a call are told apart by decoding from the start of the function
 * that .eh_frame_hdr names; where it names none, they count as a call.
 */
void elf_file_direct_calls(const struct elf_file *file, uint64_t target,
                           void (*found)(void *context, uint64_t return_address), void *context);

/*
 * The symbol whose address the dynamic loader puts into the GOT slot at `slot`, by the
 * relocations. 0, or -ENOENT (also when the name does not fit).
 */
int elf_file_slot_name(const struct elf_file *file, uint64_t slot, char *name, size_t size);
/* The symbol that the PLT stub at `address` jumps to. 0, or -ENOENT when it is no stub. */
int elf_file_stub_name(const struct elf_file *file, uint64_t address, char *name, size_t size);

/* One row of call frame information at an address, as far as wrappers need it. */
struct elf_cfi {
	int32_t cfa_sp_offset; /* CFA = stack pointer + this */
	int32_t fp_cfa_offset; /* the caller's frame pointer is at CFA + this; 0: it is unchanged */
	int32_t ra_cfa_offset; /* the return address is at CFA + this; 0: in the link register (aarch64) */
};
/* 0, or -ENOENT without a rule of that simple form (by .eh_frame, through libdw). */
int elf_file_cfi(const struct elf_file *file, uint64_t address, struct elf_cfi *cfi);

#endif

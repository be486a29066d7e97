/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information of an ELF file to the table that the BPF programs walk by
 * (model/unwind_rule.h). The file belongs to the target and is hostile: it is read, never
 * mapped, and every length and offset in it is checked.
 */
#ifndef MEMTRACE_UNWIND_UNWIND_H
#define MEMTRACE_UNWIND_UNWIND_H

#include <stddef.h>
#include <stdint.h>

#include "model/unwind_rule.h"

struct unwind_page {
	uint32_t first_row, n_rows;
};

struct unwind_table {
	uint64_t base; /* virtual address in the file of the first page; a multiple of 64 KiB */
	struct unwind_page *pages;
	size_t n_pages;
	uint32_t *rows;
	size_t n_rows;
	struct unwind_rule *rules; /* the first is UNWIND_BAD */
	size_t n_rules;
	/* What the table is made from, and what it leaves out. */
	size_t n_fdes;
	size_t n_all_rows;      /* before those were left out that cannot follow a call */
	size_t n_not_expressed; /* rows that the format cannot say: UNWIND_BAD */
	size_t n_malformed;     /* entries left out */
};

enum unwind_scope {
	UNWIND_CALL_SITES, /* right for return addresses (looked up at address - 1) alone */
	UNWIND_ALL_CODE,   /* right for any address: those that a signal interrupted */
};

/*
 * Reads the ELF file (x86-64 or aarch64) behind fd by pread; fd stays the caller's. From
 * .eh_frame, and from .debug_frame for what that does not cover. 0, or -errno: -ENODATA
 * without call frame information, -ENOEXEC when it is no such file, -ENOMEM, -EFBIG.
 */
int unwind_table_build(int fd, enum unwind_scope scope, struct unwind_table *table);
/* The same for an image in memory, as the kernel's vdso is mapped. */
int unwind_table_build_image(const void *image, size_t size, enum unwind_scope scope, struct unwind_table *table);
/* Frees what the table points to. */
void unwind_table_free(struct unwind_table *table);

/* The rule at a virtual address in the file; that of a gap outside the table. */
const struct unwind_rule *unwind_table_find(const struct unwind_table *table, uint64_t address);

#endif

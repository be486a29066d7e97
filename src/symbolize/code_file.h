/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that is known of one file with code, whatever processes map it: its segments, its
 * symbols, its debug information, and the places in it that have been asked for.
 */
#ifndef MEMTRACE_SYMBOLIZE_CODE_FILE_H
#define MEMTRACE_SYMBOLIZE_CODE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbolize/text_pool.h"
#include "symbolize/trim.h"

struct code_file;

/* Pools for the texts of places; both must outlive the files that use them. */
struct code_texts {
	struct text_pool *functions; /* made by demangle() */
	struct text_pool *others;    /* made by printable_copy() */
};

/* One function at a place: the one whose code it is, or one inlined there. */
struct code_level {
	const char *function; /* NULL: not known */
	const char *file;     /* NULL: not known */
	unsigned int line;    /* 0: not known */
	bool inlined;
	enum wrapper wrapper;
};

struct code_place {
	uint64_t address; /* virtual address in the file, of the byte before the return address */
	uint64_t offset;  /* from the function's start to the return address */
	bool has_offset;
	size_t n_levels; /* at least 1; the last one is not inlined */
	struct code_level levels[];
};

/*
 * Reads the file behind fd, which is not used any more after the call. A file that cannot be
 * read as ELF gives places without functions. `in_libc`: the file is a C library (trim.h).
 * NULL when out of memory.
 */
struct code_file *code_file_open(int fd, bool in_libc, const struct code_texts *texts);
void code_file_free(struct code_file *file);

/*
 * What is at the return address whose preceding byte has this file offset. The file's own;
 * NULL when out of memory.
 */
const struct code_place *code_file_place(struct code_file *file, uint64_t file_offset);

#endif

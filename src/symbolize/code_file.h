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

#include "model/module.h"
#include "symbolize/text_pool.h"
#include "symbolize/trim.h"

struct code_file;
struct debug_server;

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

/* What all files of a run share; to outlive them. */
struct code_environment {
	struct text_pool *functions; /* made by demangle() */
	struct text_pool *others;    /* made by printable_copy() */
	int root;                    /* memtrace's own root directory */
	struct debug_server *server; /* NULL: not to be asked */
};

/*
 * Reads the module's file, and its debug information from wherever it is; the module is
 * not used any more after the call, but its view is. A module without a file (fd -1) is read from its
 * debug file alone, if that is found by its build ID. A file that cannot be read as ELF gives
 * places without functions. NULL when out of memory.
 */
struct code_file *code_file_open(const struct module *module, const struct code_environment *environment);
/* Could it be read as ELF? */
bool code_file_readable(const struct code_file *file);
void code_file_free(struct code_file *file);
/*
 * Gives up the memory of symbols and debug information if no new place was asked for since the last
 * call; they are read again for the next one. Places stay.
 */
void code_file_rest(struct code_file *file);

/* Has it the debug file alone? Then places are found only where `first` and `end` are known. */
bool code_file_is_debug(const struct code_file *file);

/* Where in the module's file a byte is, and what of that file is mapped around it without a gap. */
struct code_offset {
	uint64_t at, first, end;
};

/*
 * What is at the return address whose preceding byte has this file offset. The file's own;
 * NULL when out of memory.
 */
const struct code_place *code_file_place(struct code_file *file, const struct code_offset *offset);

#endif

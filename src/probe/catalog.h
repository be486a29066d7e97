/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The allocators' functions, as rows. Adding an allocator is adding rows here and a
 * fixture in tests/fixtures; tests/integration/catalog fails where a row has none.
 */
#ifndef MEMTRACE_PROBE_CATALOG_H
#define MEMTRACE_PROBE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memtrace.h" /* enum mt_op, enum mt_failure */

#define NO_ARGUMENT (-1)

/* Under which names a row is looked up, and in which objects. */
enum catalog_family {
	CATALOG_C,        /* the C library's functions: under every prefix that has a malloc and a free */
	CATALOG_EXTENDED, /* jemalloc's own: likewise, or where there is a mallocx and a dallocx */
	CATALOG_CXX,      /* operators new and delete: where they are an allocator's own, not in libstdc++ */
	CATALOG_TCMALLOC, /* full names, with tc_malloc and tc_free */
	CATALOG_MIMALLOC, /* full names, with mi_malloc and mi_free */
};

struct catalog_row {
	const char *name; /* the symbol, mangled where it is C++ */
	enum catalog_family family;
	enum mt_op op;
	enum mt_failure failure; /* which return value means that nothing was allocated */
	int8_t size_argument;    /* 0-based; NO_ARGUMENT */
	int8_t count_argument;
	int8_t old_argument; /* the block that a resize or free takes */
	int8_t out_argument; /* posix_memalign: where the address is put */
};

extern const struct catalog_row catalog[];
extern const size_t catalog_rows;

/* Prefixes under which allocators also export their C functions: "" first, then "je_", "_rjem_", "tc_", "mi_", … */
extern const char *const catalog_prefixes[];
extern const size_t catalog_n_prefixes;

/*
 * The row that a function of this name has, prefixes included, or NULL. Says nothing
 * of whether its object is an allocator.
 */
const struct catalog_row *catalog_find(const char *name);

/* Bit N set: the probe must be able to read argument N. */
uint32_t catalog_needed_arguments(const struct catalog_row *row);
/* An exception may pass through it: operator new throws when there is no memory. */
bool catalog_may_throw(const struct catalog_row *row);
/* The probe needs the function's return. */
bool catalog_wants_return(const struct catalog_row *row);

/* What a mapping call does to the address space. */
enum mapping_op {
	MAPPING_MAP,
	MAPPING_UNMAP,
	MAPPING_REMAP,
	MAPPING_BREAK, /* moves the end of the heap segment */
};

/*
 * The C library's mapping functions. They are traced at their system calls' tracepoints,
 * which programs that make the calls themselves pass too; munmap and brk have no
 * instruction that a probe could stand on cheaply.
 */
struct mapping_row {
	const char *name;    /* the function */
	const char *syscall; /* tracepoints sys_enter_SYSCALL, sys_exit_SYSCALL */
	enum mapping_op op;
};

extern const struct mapping_row mapping_rows[];
extern const size_t n_mapping_rows;

#endif

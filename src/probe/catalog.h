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

struct catalog_row {
	const char *name;     /* the symbol, mangled where it is C++ */
	enum mt_op op;
	enum mt_failure failure; /* which return value means that nothing was allocated */
	int8_t size_argument; /* 0-based; NO_ARGUMENT */
	int8_t count_argument;
	int8_t old_argument;  /* the block that a resize or free takes */
	int8_t out_argument;  /* posix_memalign: where the address is put */
};

extern const struct catalog_row catalog[];
extern const size_t catalog_rows;

/* Prefixes under which allocators also export their functions ("", "je_", "_rjem_", "tc_", "mi_", …). */
extern const char *const catalog_prefixes[];
extern const size_t catalog_n_prefixes;

/* Bit N set: the probe must be able to read argument N. */
uint32_t catalog_needed_arguments(const struct catalog_row *row);
/* The probe needs the function's return. */
bool catalog_wants_return(const struct catalog_row *row);

#endif

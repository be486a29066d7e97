/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process's memory says of its live blocks: words that may be pointers, and what leads to which block. */
#ifndef MEMTRACE_MODEL_REACH_H
#define MEMTRACE_MODEL_REACH_H

#include <stddef.h>
#include <stdint.h>

enum leak_class {
	LEAK_UNJUDGED,
	LEAK_DEFINITE,  /* nothing leads to it */
	LEAK_INDIRECT,  /* only leaked blocks lead to it */
	LEAK_POSSIBLE,  /* on every way to it there is a pointer into the middle of a block */
	LEAK_REACHABLE, /* a root leads to it, by pointers to the beginnings of blocks */
	LEAK_CLASS_COUNT,
};

/* "definite", …; static. */
const char *leak_class_name(enum leak_class leak_class);

struct reach_block {
	uint64_t address, size_bytes;
};

/* A word that may point into a live block. */
struct reach_word {
	uint64_t at; /* where it lies; 0: in a register */
	uint64_t value;
};

#define REACH_NOBODY UINT32_MAX

/* Who leads to a block, of the shortest way there is from a root. */
struct reach_holder {
	uint32_t block; /* index of the block that the pointer lies in; REACH_NOBODY: in a root, or nobody */
	uint32_t word;  /* index of the pointer; REACH_NOBODY: nobody */
};

struct reach_result {
	uint8_t *classes;             /* by block, enum leak_class */
	struct reach_holder *holders; /* by block */
};

#endif

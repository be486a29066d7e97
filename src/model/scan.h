/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was read of a process's memory, to tell which of its live blocks can still be reached. Plain data. */
#ifndef MEMTRACE_MODEL_SCAN_H
#define MEMTRACE_MODEL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/reach.h"

/* Words are roots unless they lie in a block; what a word's place tells of is an area. */
enum scan_area_kind {
	SCAN_AREA_GLOBALS,   /* of a file that is mapped */
	SCAN_AREA_STACK,     /* of a thread, from its stack pointer on */
	SCAN_AREA_ALLOCATOR, /* an allocator's memory that holds no block known to be live */
	SCAN_AREA_MAPPED,    /* anything else that is mapped */
};

struct scan_area {
	uint64_t start, end;
	enum scan_area_kind kind;
	pid_t thread; /* of a stack */
	char *name;   /* of what is mapped there, as /proc/PID/maps has it; owned */
};

/* Memory of an allocator in which no block lives: what stands there leads nowhere. */
struct scan_extent {
	uint64_t start, end;
};

struct scan {
	struct reach_word *words; /* that may lead to a block, in the order of where they lie */
	size_t n_words;
	struct scan_area *areas; /* by start */
	size_t n_areas;
	struct scan_extent *unused; /* by start */
	size_t n_unused;
	struct scan_extent *before; /* by start: blocks from before memtrace attached, as the allocator has them */
	size_t n_before;
	bool slack_counts; /* the program asks allocators how much room blocks have: what is behind one is its own, too
	                    */
	const char *const *register_names; /* of the first registers; the others are vector ones; static */
	size_t n_register_names;
	bool stopped; /* the process stood still meanwhile */
	uint64_t pause_ns, read_bytes, unreadable_bytes;
	size_t n_threads;
	uint64_t heap_bytes,
	    unknown_heap_bytes; /* of allocators; of it, neither a known block nor known to be unused */
	uint64_t unjudged_blocks, unjudged_bytes; /* too young: what leads to them was not looked for */
	unsigned int n_more;                      /* who have it, beside one; atomic */
};

/* Another one who has it, and will free it. */
struct scan *scan_share(struct scan *scan);

/* It goes with the last who has it. NULL is allowed. */
void scan_free(struct scan *scan);

/* The name of a register, of the number that a word's place has; static. */
const char *scan_register_name(const struct scan *scan, uint16_t number);

/* Of areas by start, the one that the address lies in; n: none. */
size_t scan_area_index(const struct scan_area *areas, size_t n, uint64_t address);

/* The area that the address lies in, or NULL. */
const struct scan_area *scan_area_at(const struct scan *scan, uint64_t address);

#endif

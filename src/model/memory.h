/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process's resident memory is made of. */
#ifndef MEMTRACE_MODEL_MEMORY_H
#define MEMTRACE_MODEL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Parts of resident memory, which add up to it exactly. */
enum memory_part {
	MEMORY_LIVE,     /* live blocks of allocators; those of less than MEMORY_LARGE_BYTES as if they were resident */
	MEMORY_SLACK,    /* what allocators hold beyond them, and all that is in no other part */
	MEMORY_MAPPINGS, /* live mappings that were traced */
	MEMORY_STACKS,   /* of the main thread, and of others that were not running when they were looked for */
	MEMORY_DATA,     /* of programs and libraries: pages of files that were written to, and .bss */
	MEMORY_FILES,    /* pages of files, and shared ones */
	MEMORY_BEFORE,   /* of what was there when memtrace came, what can at most be left */
	MEMORY_PARTS,
};

/* Of blocks from this size on it is asked how much is resident. */
#define MEMORY_LARGE_BYTES (64 * 1024)

struct process_memory {
	bool known; /* not of a process that has ended */
	uint64_t rss_bytes;
	uint64_t parts[MEMORY_PARTS];
	uint64_t unseen_threads; /* that were running: their stacks are in other parts */
};

/* The part's key in JSON reports: "live_bytes", …; static. */
const char *memory_part_key(enum memory_part part);
/* For people: "live blocks", …; static. */
const char *memory_part_name(enum memory_part part);

#endif

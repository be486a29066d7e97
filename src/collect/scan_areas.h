/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has mapped, as a scan sees it: which of it is to be read, and what a place in it is. */
#ifndef MEMTRACE_COLLECT_SCAN_AREAS_H
#define MEMTRACE_COLLECT_SCAN_AREAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/maps.h"
#include "model/scan.h"

/* Of an area, what is to be read. */
struct scan_part {
	uint64_t start, end;
	bool skip;
	bool private_alone; /* only pages that are the process's own */
	bool protected;     /* the process itself may not read it */
	bool writable;
	uint8_t heap_kind; /* enum heap_mapping_kind */
	bool cut;          /* it begins where a stack's use begins */
	bool guard;        /* memory that nobody may use */
};

struct scan_areas {
	struct scan_area *areas; /* by start */
	struct scan_part *parts; /* likewise */
	size_t n_areas;
};

/* Reads what the process that the thread belongs to has mapped. 0 or -errno. scan_areas_clear() must follow. */
int scan_areas_read(struct scan_areas *areas, pid_t thread);
/* Takes one row of that, in their order. 0 or -ENOMEM. */
int scan_areas_add(struct scan_areas *areas, const struct maps_row *row);
void scan_areas_clear(struct scan_areas *areas);

/*
 * Where a thread's stack is in use: what lies below is left out, where that surely is a stack: the kernel's own, or
 * the one that the C library made for the thread, which begins at `own_start` (0: not known) with a guard page. What
 * lies between a guard page and a thread's own data may be something else: mappings that touch are one.
 */
void scan_areas_thread(struct scan_areas *areas, pid_t thread, uint64_t stack_pointer, uint64_t own_start,
                       uint64_t red_zone_bytes);

#endif

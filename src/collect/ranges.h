/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapped ranges of one process: mmap, munmap, mremap, MAP_FIXED and brk work on any part
 * of them. A block is one range; a range cut in its middle becomes two blocks that remain
 * one mapping, whose count of frees goes up when the last part is gone.
 *
 * Statistics are kept per stack number. Addresses and lengths are in bytes, whole pages.
 */
#ifndef MEMTRACE_COLLECT_RANGES_H
#define MEMTRACE_COLLECT_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct mapping_origin;

struct range {
	uint64_t start, end;
	uint64_t shift; /* by mremap, from where it was first mapped (modulo 2^64) */
	uint64_t time_ns;
	uint32_t stack;
	uint16_t node;
	struct mapping_origin *origin;
};

struct ranges;

/* What ranges tell of themselves. `usage` belongs to a stack number; live_* are not kept. */
struct ranges_stats {
	struct usage *(*of_stack)(void *context, uint32_t stack); /* NULL: out of memory */
	void *context;
};

struct ranges *ranges_new(const struct ranges_stats *stats);
void ranges_free(struct ranges *ranges);

/* A new mapping. Returns the number of bytes it replaced, or -errno. */
int64_t ranges_map(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t stack, uint16_t node,
                   uint64_t time_ns);
/* Bytes from start to end are gone. 0 or -errno. */
int ranges_unmap(struct ranges *ranges, uint64_t start, uint64_t end);
/* Bytes from start to end are gone when the thread's system call succeeds, as it mostly does. 0 or -errno. */
int ranges_take(struct ranges *ranges, uint32_t thread, uint64_t start, uint64_t end);
/*
 * … it failed: what the thread took last is there still, but for what was mapped over it since.
 * 0 or -errno: -ENOENT when it is not known what the thread took.
 */
int ranges_restore(struct ranges *ranges, uint32_t thread);
/*
 * … it was an mremap and succeeded: what was taken is now at start, `length` long;
 * with `keep_old` (MREMAP_DONTUNMAP, or an old length of 0) the old range stays. 0 or -errno,
 * as of ranges_restore().
 */
int ranges_move(struct ranges *ranges, uint32_t thread, uint64_t start, uint64_t length, int keep_old,
                uint64_t time_ns);
/* The address space is gone. */
void ranges_clear(struct ranges *ranges);

/*
 * Calls `each` with every range, by start, until it returns something other than 0, and returns that.
 * It must not change the ranges.
 */
int ranges_each(const struct ranges *ranges, int (*each)(void *context, const struct range *range), void *context);
/* Calls `each` with the stack number of every range, and of all that was taken and may come back. */
void ranges_each_stack(const struct ranges *ranges, void (*each)(void *context, uint32_t stack), void *context);

#endif

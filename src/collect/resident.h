/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages of a process are resident; what is not there costs little, however much it is. */
#ifndef MEMTRACE_COLLECT_RESIDENT_H
#define MEMTRACE_COLLECT_RESIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Resident memory, no more of it than is certain to lie on one node: a page, or a part of a huge one. */
struct resident_piece {
	uint64_t start, end;
};

struct resident;

/* Of the process that a live thread belongs to. 0 or -errno. */
int resident_open(pid_t thread, struct resident **result);
void resident_close(struct resident *resident);

/*
 * Finds pieces between *from and `end` (multiples of the page size), by address, at most `max`.
 * Moves *from to where it has looked: to `end` when there are no more. Returns how many, or
 * -errno; -E2BIG when it has looked at too much since it was opened.
 */
ssize_t resident_next(struct resident *resident, uint64_t *from, uint64_t end, struct resident_piece *pieces,
                      size_t max);

/*
 * Finds runs of pages with contents of their own, be they resident or swapped out: pages of zeroes that were only
 * read are left out, and with `private_alone` all that a file or shared memory has. As resident_next() else.
 */
ssize_t resident_next_run(struct resident *resident, uint64_t *from, uint64_t end, bool private_alone,
                          struct resident_piece *runs, size_t max);

/* As if the kernel had no PAGEMAP_SCAN; for tests. */
void resident_forget_scan(struct resident *resident);

#endif

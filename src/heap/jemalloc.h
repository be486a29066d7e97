/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heaps of jemalloc 5.3, as configured for pages of 4 KiB and addresses of 48 bits. */
#ifndef MEMTRACE_HEAP_JEMALLOC_H
#define MEMTRACE_HEAP_JEMALLOC_H

struct heap_walk;

/* 0 or -ENOMEM. */
int jemalloc_walk(struct heap_walk *walk);

#endif

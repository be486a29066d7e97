/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heaps of glibc's malloc, versions 2.28 to 2.41, on 64-bit machines. Its static variables are found by what
 * is in them, since a distribution's libc has no symbols for them.
 */
#ifndef MEMTRACE_HEAP_GLIBC_H
#define MEMTRACE_HEAP_GLIBC_H

struct heap_walk;

/* 0 or -ENOMEM. */
int glibc_walk(struct heap_walk *walk);

#endif

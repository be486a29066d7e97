/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of an object's code memtrace has to do with: where probes go, whose frees are no
 * frees, and how to step over the frames of wrappers. Addresses are virtual addresses in
 * the file. Every array is the caller's, to be freed with free().
 */
#ifndef MEMTRACE_PROBE_RESOLVE_H
#define MEMTRACE_PROBE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/catalog.h"
#include "probe/elf_file.h"
#include "probe/site.h"

#define PROBE_NAME_MAX 64

struct probe_point {
	const struct catalog_row *row;
	char name[PROBE_NAME_MAX]; /* the symbol, prefix included; of aliases the plainest */
	struct elf_symbol symbol;
	struct site site;
	uint64_t site_file_offset; /* where the uprobe goes */
};

/*
 * Does the object hold an allocator: a malloc and a free, or a mallocx and a dallocx,
 * with or without a prefix? (In a static program malloc alone will do.) glibc's dynamic
 * loader does not count as one: its own allocator serves its start. (musl's loader is
 * the C library itself, and counts.)
 */
bool resolve_is_allocator(const struct elf_file *file);

/*
 * The probe points of an allocator, by address. None, and success, for what is no
 * allocator, unless the user named it (--obj): then whatever the catalog knows of it.
 * Each function is probed once, whatever its aliases; functions that only hand their
 * call on to another probed one are left out. Returns 0 or -ENOMEM.
 */
int resolve_points(const struct elf_file *file, bool named, struct probe_point **points, size_t *n);

struct address_range {
	uint64_t low, high; /* [low, high) */
};

/*
 * At thread exit glibc empties the thread's cache of freed blocks through its public
 * free (tcache_thread_shutdown in malloc/malloc.c). A free whose return address lies in
 * one of these ranges is of that kind: its block was freed before. Nothing for other
 * C libraries. Returns 0 or -ENOMEM.
 */
int resolve_flush_ranges(const struct elf_file *file, struct address_range **ranges, size_t *n);

/* A return address inside a wrapper, with the rule by which its frame is stepped over. */
struct wrapper_return {
	uint64_t address; /* the byte after a call or system call */
	struct elf_cfi cfi;
};

/*
 * Places inside functions that stand between the allocation and who asked for it:
 * operator new where it calls malloc, and the C library's mapping functions. Built
 * without frame pointers, they would make a frame pointer walk lose their caller. By
 * address; places whose rule is not simple are left out. Returns 0 or -ENOMEM.
 */
int resolve_wrappers(const struct elf_file *file, struct wrapper_return **returns, size_t *n);

#endif

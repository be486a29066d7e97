/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an ELF file: behind a file descriptor, read by pread and never mapped (a file
 * that shrinks under a mapping kills the reader), or in memory.
 */
#ifndef MEMTRACE_UNWIND_SOURCE_H
#define MEMTRACE_UNWIND_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind_source {
	int fd;               /* when bytes is NULL; the caller's */
	const uint8_t *bytes; /* the caller's */
	uint64_t size;        /* of the file; a file may shrink later */
};

/* 0 or -errno. */
int unwind_source_open(struct unwind_source *source, int fd);

/* Reads at most `size` bytes at a file offset. Returns how many there were: fewer at the end or on an error. */
size_t unwind_source_some(const struct unwind_source *source, uint64_t offset, void *buffer, size_t size);

/* The same, but all of them or nothing. */
bool unwind_source_read(const struct unwind_source *source, uint64_t offset, void *buffer, size_t size);

#endif

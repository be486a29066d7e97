/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that always holds one whole text: the older one until the new one is written. */
#ifndef MEMTRACE_UTIL_WHOLE_FILE_H
#define MEMTRACE_UTIL_WHOLE_FILE_H

#include <stdio.h>

/* Writes the text. 0 or -errno (a failed write is an error). */
typedef int whole_file_writer(FILE *out, void *context);

/*
 * A regular file, or one that does not exist yet, is replaced by renaming a whole one over it; on failure it stays
 * as it was and nothing is left beside it. A replaced file keeps its mode and, where permitted, its owner; a symbolic
 * link is followed. Anything else (a terminal, a FIFO, /dev/full), and a file that is this process's standard output
 * or error, is written to directly. Returns 0 or -errno.
 */
int whole_file_write(const char *path, whole_file_writer *write, void *context);
/* 0 where a text can be put there, as far as that can be told beforehand, or -errno. */
int whole_file_check(const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the kernel below a root directory: "/" itself, or a tree that was recorded on another machine.
 * Paths are relative to it: "proc/meminfo".
 */
#ifndef MEMTRACE_MACHINE_ROOT_H
#define MEMTRACE_MACHINE_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No file of the kernel that is read here is as large. */
#define ROOT_FILE_MAX_BYTES (16U << 20)

/*
 * Reads a whole file, terminated by NUL (and ending at the first one in it). 0 or -errno: -EFBIG beyond
 * ROOT_FILE_MAX_BYTES, -ENAMETOOLONG for its path. The caller frees *text.
 */
int root_read(int root_fd, char **text, const char *path_format, ...) __attribute__((format(printf, 3, 4)));
/* Reads a file of one decimal number. 0 or -errno: -EINVAL where it holds something else. */
int root_number(int root_fd, uint64_t *value, const char *path_format, ...) __attribute__((format(printf, 3, 4)));

/* The names in a directory, without "." and "..". */
struct root_names {
	char **list; /* sorted by byte */
	size_t n;
};

/* 0 or -errno. The caller frees with root_names_free(). */
int root_list(int root_fd, struct root_names *names, const char *path);
void root_names_free(struct root_names *names);

/* "node12" with the prefix "node" is 12; -1: no such name. */
int root_index(const char *name, const char *prefix);

#endif

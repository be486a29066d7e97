/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real libraries as input for the probe tests. Included after cmocka.h. */
#ifndef MEMTRACE_TESTS_PROBE_LIBRARY_H
#define MEMTRACE_TESTS_PROBE_LIBRARY_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/elf_file.h"

#if defined(__aarch64__)
#define LIBRARIES "/lib/aarch64-linux-gnu/"
#else
#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"
#endif

/* The library, or NULL after saying why not. */
static inline struct elf_file *library_open(const char *path)
{
	struct elf_file *file = NULL;
	char error[128] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		print_message("not installed: %s\n", path);
		return NULL;
	}
	if (elf_file_open(fd, &file, error, sizeof(error)))
		print_message("%s: %s\n", path, error);
	close(fd);
	return file;
}

/* Is it the build that the expectations were written for? Says so if not. */
static inline bool library_is(const struct elf_file *file, const char *path, const char *build_id)
{
	uint8_t id[64];
	size_t size = elf_file_build_id(file, id, sizeof(id));
	char text[2 * sizeof(id) + 1] = "";

	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	if (!strcmp(text, build_id))
		return true;
	print_message("another build of %s (%s): invariants only\n", path, text);
	return false;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sliding window over a file: tables of any size are walked through it with little
 * memory. It reads with pread, never by mapping: a file that shrinks under a mapping
 * kills the reader with SIGBUS, under pread it is a short read.
 */
#ifndef MEMTRACE_PROBE_ELF_WINDOW_H
#define MEMTRACE_PROBE_ELF_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define ELF_WINDOW_BYTES (256 * 1024)

struct elf_window {
	int fd;
	uint64_t start; /* file offset of bytes[0] */
	size_t length;  /* bytes in it */
	uint8_t *bytes; /* ELF_WINDOW_BYTES, allocated at first use; owned */
};

#define ELF_WINDOW(file_descriptor) \
	{ \
		.fd = (file_descriptor) \
	}

/*
 * Reads up to `size` bytes at a file offset. Returns how many there were: fewer at the
 * file's end or on an error.
 */
size_t elf_read_some(int fd, uint64_t offset, void *buffer, size_t size);

/*
 * The `size` bytes (at most ELF_WINDOW_BYTES) at a file offset, or NULL if the file
 * does not have them all. Valid until the next call on this window.
 */
const void *elf_window_at(struct elf_window *window, uint64_t offset, size_t size);

/*
 * The NUL-terminated string at a file offset, or NULL if it does not end before
 * `limit` or within 4 KiB. Valid until the next call on this window.
 */
const char *elf_window_string(struct elf_window *window, uint64_t offset, uint64_t limit);

void elf_window_close(struct elf_window *window);

#endif

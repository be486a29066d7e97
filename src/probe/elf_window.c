/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/elf_window.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRING_MAX_BYTES 4096

size_t elf_read_some(int fd, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return 0;
	while (done < size) {
		ssize_t n = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static size_t held_bytes(const struct elf_window *window, uint64_t offset)
{
	if (offset < window->start || offset - window->start >= window->length)
		return 0;
	return window->length - (size_t)(offset - window->start);
}

/*
 * Moves the window to `offset` with at least `size` bytes if the file has them. What
 * goes forward is read ahead; what jumps about costs a page each.
 */
static size_t move(struct elf_window *window, uint64_t offset, size_t size)
{
	uint64_t end = window->start + window->length;
	bool forward = offset >= window->start && offset - window->start <= window->length + ELF_WINDOW_BYTES;
	size_t wanted = forward || end == 0 ? ELF_WINDOW_BYTES : STRING_MAX_BYTES;

	if (!window->bytes)
		window->bytes = malloc(ELF_WINDOW_BYTES);
	if (!window->bytes)
		return 0;
	window->start = offset;
	window->length = elf_read_some(window->fd, offset, window->bytes, wanted > size ? wanted : size);
	return window->length;
}

const void *elf_window_at(struct elf_window *window, uint64_t offset, size_t size)
{
	if (size == 0 || size > ELF_WINDOW_BYTES)
		return NULL;
	if (held_bytes(window, offset) < size && move(window, offset, size) < size)
		return NULL;
	return window->bytes + (offset - window->start);
}

const char *elf_window_string(struct elf_window *window, uint64_t offset, uint64_t limit)
{
	size_t most, held;
	const char *string;

	if (offset >= limit)
		return NULL;
	most = limit - offset < STRING_MAX_BYTES ? (size_t)(limit - offset) : STRING_MAX_BYTES;
	held = held_bytes(window, offset);
	string = held ? (const char *)window->bytes + (offset - window->start) : NULL;
	if (held && memchr(string, 0, held < most ? held : most))
		return string;
	if (held >= most)
		return NULL;
	held = move(window, offset, most);
	string = (const char *)window->bytes;
	return held && memchr(string, 0, held < most ? held : most) ? string : NULL;
}

void elf_window_close(struct elf_window *window)
{
	free(window->bytes);
	window->bytes = NULL;
	window->length = 0;
}

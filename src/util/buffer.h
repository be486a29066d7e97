/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that are put together one piece after the other. */
#ifndef MEMTRACE_UTIL_BUFFER_H
#define MEMTRACE_UTIL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {0}. Once memory was short, `failed` stays and nothing more is added. */
struct buffer {
	char *bytes;
	size_t size, room;
	bool failed;
};

void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empty again, with the room that it has, and no longer failed. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 256

/* Room for so many bytes more. */
static bool make_room(struct buffer *buffer, size_t size)
{
	size_t room = buffer->room ? buffer->room : ROOM_MIN;
	char *bytes;

	while (!buffer->failed && room - buffer->size < size)
		buffer->failed = __builtin_mul_overflow(room, 2, &room);
	if (buffer->failed)
		return false;
	if (room == buffer->room)
		return true;
	bytes = realloc(buffer->bytes, room);
	buffer->failed = !bytes;
	if (!bytes)
		return false;
	buffer->bytes = bytes;
	buffer->room = room;
	return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
	if (!size || !make_room(buffer, size))
		return;
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0)
		buffer->failed = true;
	/* The NUL needs room, too, but is not kept. */
	if (size < 0 || !make_room(buffer, (size_t)size + 1))
		return;
	va_start(arguments, format);
	vsnprintf(buffer->bytes + buffer->size, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buffer->size += (size_t)size;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/protobuf.h"

#define WIRE_VARINT 0
#define WIRE_LENGTH 2

void protobuf_varint(struct buffer *buffer, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	do {
		bytes[n++] = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	buffer_add(buffer, bytes, n);
}

void protobuf_number(struct buffer *buffer, unsigned int field, uint64_t value)
{
	if (!value)
		return;
	protobuf_varint(buffer, field << 3 | WIRE_VARINT);
	protobuf_varint(buffer, value);
}

void protobuf_bytes(struct buffer *buffer, unsigned int field, const void *bytes, size_t size)
{
	protobuf_varint(buffer, field << 3 | WIRE_LENGTH);
	protobuf_varint(buffer, size);
	buffer_add(buffer, bytes, size);
}

void protobuf_message(struct buffer *buffer, unsigned int field, struct buffer *from)
{
	protobuf_bytes(buffer, field, from->bytes, from->size);
	if (from->failed)
		buffer->failed = true;
	buffer_clear(from);
}

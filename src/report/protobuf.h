/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), field by field. */
#ifndef MEMTRACE_REPORT_PROTOBUF_H
#define MEMTRACE_REPORT_PROTOBUF_H

#include <stdint.h>

#include "util/buffer.h"

/* A varint as it stands in a packed field. */
void protobuf_varint(struct buffer *buffer, uint64_t value);
/* A field of type int64, uint64 or bool. 0, the default, is not written. */
void protobuf_number(struct buffer *buffer, unsigned int field, uint64_t value);
/* A field of type string, of another message, or packed; also when it is empty. */
void protobuf_bytes(struct buffer *buffer, unsigned int field, const void *bytes, size_t size);
/* A field that is the message which was put together in `from`, emptying that. */
void protobuf_message(struct buffer *buffer, unsigned int field, struct buffer *from);

#endif

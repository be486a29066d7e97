// SPDX-License-Identifier: GPL-2.0-or-later
/* The wire format, by the examples of its documentation and at its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "report/protobuf.h"

static void holds(struct buffer *buffer, const char *bytes, size_t size)
{
	assert_false(buffer->failed);
	assert_int_equal(buffer->size, size);
	assert_memory_equal(buffer->bytes, bytes, size);
	buffer_free(buffer);
}

static void varints(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	protobuf_varint(&buffer, 0);
	protobuf_varint(&buffer, 127);
	protobuf_varint(&buffer, 128);
	protobuf_varint(&buffer, 150);
	protobuf_varint(&buffer, UINT64_MAX);
	holds(&buffer, "\x00\x7f\x80\x01\x96\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 16);
}

static void fields(void **state)
{
	struct buffer buffer = {0}, inner = {0};

	(void)state;
	protobuf_number(&buffer, 1, 150);
	protobuf_number(&buffer, 2, 0);
	protobuf_bytes(&buffer, 2, "testing", 7);
	protobuf_bytes(&buffer, 16, NULL, 0);
	protobuf_number(&inner, 1, 150);
	protobuf_message(&buffer, 3, &inner);
	assert_int_equal(inner.size, 0);
	holds(&buffer, "\x08\x96\x01\x12\x07testing\x82\x01\x00\x1a\x03\x08\x96\x01", 20);
	buffer_free(&inner);
}

/* A message that lacks a part is none. */
static void fails_with_its_parts(void **state)
{
	struct buffer buffer = {0}, inner = {.failed = true};

	(void)state;
	protobuf_message(&buffer, 3, &inner);
	assert_true(buffer.failed);
	buffer_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(varints),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(fails_with_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys by number, and the bytes that they are put together from. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/intern.h"

static void buffers_grow(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_add(&buffer, NULL, 0);
	assert_int_equal(buffer.size, 0);
	for (int i = 0; i < 1000; i++) {
		buffer_text(&buffer, "ab");
		buffer_printf(&buffer, "%03d", i);
	}
	assert_int_equal(buffer.size, 5000);
	assert_memory_equal(buffer.bytes, "ab000ab001ab002", 15);
	assert_memory_equal(buffer.bytes + 4990, "ab998ab999", 10);
	buffer_clear(&buffer);
	buffer_add(&buffer, "\0\1", 2);
	assert_int_equal(buffer.size, 2);
	assert_false(buffer.failed);
	buffer_free(&buffer);
	assert_null(buffer.bytes);
}

/* What fails once stays so, and nothing more is added, not even what there is room for. */
static void buffers_stay_failed(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_text(&buffer, "abc");
	buffer_add(&buffer, "x", SIZE_MAX / 2 + 2);
	assert_true(buffer.failed);
	buffer_text(&buffer, "d");
	assert_int_equal(buffer.size, 3);
	buffer_clear(&buffer);
	buffer_text(&buffer, "d");
	assert_false(buffer.failed);
	assert_memory_equal(buffer.bytes, "d", 1);
	buffer_free(&buffer);
}

static void numbers_in_order(void **state)
{
	struct intern *intern = intern_new();
	bool added;
	size_t size;

	(void)state;
	assert_int_equal(intern_add(intern, "", 0, &added), 0);
	assert_true(added);
	assert_int_equal(intern_add(intern, "a", 1, &added), 1);
	assert_int_equal(intern_add(intern, "a\0b", 3, &added), 2);
	assert_true(added);
	assert_int_equal(intern_add(intern, "a\0c", 3, &added), 3);
	assert_int_equal(intern_add(intern, "a", 1, &added), 1);
	assert_false(added);
	assert_int_equal(intern_add(intern, "", 0, &added), 0);
	assert_false(added);
	assert_int_equal(intern_count(intern), 4);
	assert_memory_equal(intern_key(intern, 3, &size), "a\0c", 3);
	assert_int_equal(size, 3);
	intern_free(intern);
	intern_free(NULL);
}

/* More than there are slots at the beginning, twice over. */
static void many_keys(void **state)
{
	struct intern *intern = intern_new();
	char key[16];
	bool added;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100000; i++) {
			int length = snprintf(key, sizeof(key), "%d", i);

			assert_int_equal(intern_add(intern, key, (size_t)length, &added), i);
			assert_int_equal(added, !round);
		}
	}
	assert_int_equal(intern_count(intern), 100000);
	intern_free(intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(buffers_grow),
	    cmocka_unit_test(buffers_stay_failed),
	    cmocka_unit_test(numbers_in_order),
	    cmocka_unit_test(many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

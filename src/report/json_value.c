// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/escape.h"

#define DUMP_FLAGS (JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

/*
 * Jansson's integers end at 2^63-1, ours at 2^64-1. A larger one is built as a string
 * that begins with NUL, which no name can, and freed from its quotes when written.
 */
#define BIG_MARK "\"\\u0000"

json_t *json_uint(uint64_t value)
{
	char digits[24];
	int length;

	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	length = snprintf(digits + 1, sizeof(digits) - 1, "%" PRIu64, value);
	digits[0] = '\0';
	return json_stringn(digits, (size_t)length + 1);
}

static void write_dumped(FILE *out, const char *dumped)
{
	const char *mark;

	while ((mark = strstr(dumped, BIG_MARK))) {
		const char *digits = mark + strlen(BIG_MARK);
		size_t length = strcspn(digits, "\"");

		fwrite(dumped, 1, (size_t)(mark - dumped), out);
		fwrite(digits, 1, length, out);
		dumped = digits + length + 1;
	}
	fputs(dumped, out);
}

static int write_value(FILE *out, json_t *value, size_t flags)
{
	char *dumped = value ? json_dumps(value, flags) : NULL;

	json_decref(value);
	if (!dumped)
		return -ENOMEM;
	write_dumped(out, dumped);
	free(dumped);
	return 0;
}

int json_write(FILE *out, json_t *value)
{
	return write_value(out, value, DUMP_FLAGS);
}

int json_write_members(FILE *out, json_t *value)
{
	return write_value(out, value, DUMP_FLAGS | JSON_EMBED);
}

json_t *json_name(const char *name)
{
	char *repaired = utf8_repair(name);
	json_t *string = repaired ? json_string(repaired) : NULL;

	free(repaired);
	return string;
}

json_t *json_name_or_null(const char *name)
{
	return name ? json_name(name) : json_null();
}

json_t *json_whole(json_t *value, int failed)
{
	if (!failed)
		return value;
	json_decref(value);
	return NULL;
}

json_t *json_address(uint64_t address)
{
	return json_sprintf("0x%" PRIx64, address);
}

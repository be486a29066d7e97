// SPDX-License-Identifier: GPL-2.0-or-later
/* Names made harmless: what comes out is printable UTF-8, the same from all functions, and never cut within an escape.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/escape.h"

/* Every character must be valid and, if `printable`, none of those that the escapes are for. */
static void check_utf8(const char *text, int printable)
{
	while (*text) {
		unsigned int character;
		size_t length = utf8_decode(text, &character);

		if (!length)
			abort();
		if (printable &&
		    (character < 0x20 || (character >= 0x7f && character < 0xa0) ||
		     (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
		     (character >= 0x2066 && character <= 0x2069)))
			abort();
		text += length;
	}
}

static void check_escapes(const char *name)
{
	size_t needed = escape_copy(NULL, 0, name), written_size;
	char *copy = malloc(needed + 1), *written = NULL, cut[16];
	FILE *out = open_memstream(&written, &written_size);

	if (escape_copy(copy, needed + 1, name) != needed || strlen(copy) != needed)
		abort();
	escape_write(out, name);
	fclose(out);
	if (strcmp(copy, written) != 0)
		abort();
	check_utf8(copy, 1);
	escape_copy(cut, sizeof(cut), name);
	if (strncmp(cut, copy, strlen(cut)) != 0)
		abort();
	check_utf8(cut, 1);
	free(copy);
	free(written);
}

/* What a format gives a meaning does not come out; a stream and a buffer get the same. */
static void check_also(const char *name)
{
	struct buffer buffer = {0};
	size_t written_size;
	char *written = NULL;
	FILE *out = open_memstream(&written, &written_size);

	escape_write_also(out, name, ";#");
	fclose(out);
	escape_add(&buffer, name, ";#");
	if (buffer.failed || buffer.size != written_size ||
	    (written_size && memcmp(buffer.bytes, written, written_size) != 0))
		abort();
	if (strpbrk(written, ";#"))
		abort();
	check_utf8(written, 1);
	buffer_free(&buffer);
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = strndup((const char *)data, size);
	char *repaired = utf8_repair(name);

	check_escapes(name);
	check_also(name);
	check_utf8(repaired, 0);
	free(repaired);
	free(name);
	return 0;
}

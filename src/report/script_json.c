// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/script_json.h"

#include <errno.h>
#include <stdlib.h>

#include "util/escape.h"

/* All other characters that could do harm, U+2028 and U+2029 among them, escape_copy() has written otherwise. */
static void write_character(FILE *out, char character)
{
	switch (character) {
	case '"':
	case '\\':
		fputc('\\', out);
		fputc(character, out);
		break;
	case '<':
	case '>':
	case '&':
	case '\'':
		fprintf(out, "\\u%04x", (unsigned int)character);
		break;
	default:
		fputc(character, out);
	}
}

int script_json_string(FILE *out, const char *text)
{
	size_t size = escape_copy(NULL, 0, text) + 1;
	char *harmless = malloc(size);

	if (!harmless)
		return -ENOMEM;
	escape_copy(harmless, size, text);
	fputc('"', out);
	for (const char *at = harmless; *at; at++)
		write_character(out, *at);
	fputc('"', out);
	free(harmless);
	return 0;
}

void script_json_key(FILE *out, const char *name, int first)
{
	fprintf(out, "%s\"%s\":", first ? "" : ",\n", name);
}

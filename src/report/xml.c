// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/xml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/escape.h"

/* Neither is a character in XML 1.0; all others that are not, escape_copy() has written otherwise. */
static bool is_noncharacter(const char *at)
{
	return at[0] == '\xef' && at[1] == '\xbf' && (at[2] == '\xbe' || at[2] == '\xbf');
}

int xml_write(FILE *out, const char *text)
{
	size_t size = escape_copy(NULL, 0, text) + 1;
	char *harmless = malloc(size);

	if (!harmless)
		return -ENOMEM;
	escape_copy(harmless, size, text);
	for (const char *at = harmless; *at; at++) {
		switch (*at) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&apos;", out);
			break;
		default:
			if (!is_noncharacter(at)) {
				fputc(*at, out);
				break;
			}
			fprintf(out, "\\u{%s}", at[2] == '\xbe' ? "fffe" : "ffff");
			at += 2;
		}
	}
	free(harmless);
	return 0;
}

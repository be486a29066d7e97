// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/printable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One form of UTF-8 sequence (Unicode 15, table 3-7): its first byte and its second byte lie in these ranges. */
struct utf8_form {
	uint8_t first_min, first_max, second_min, second_max;
	size_t size_bytes;
};

static const struct utf8_form utf8_forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Bytes of the character at the text's start, or 0 when it must not be printed. */
static size_t character_size(const uint8_t *text, size_t n)
{
	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
		const struct utf8_form *form = &utf8_forms[i];

		if (text[0] < form->first_min || text[0] > form->first_max)
			continue;
		if (n < form->size_bytes || text[1] < form->second_min || text[1] > form->second_max)
			return 0;
		for (size_t j = 2; j < form->size_bytes; j++) {
			if ((text[j] & 0xc0) != 0x80)
				return 0;
		}
		/* U+0080 to U+009F are control characters as well. */
		return text[0] == 0xc2 && text[1] < 0xa0 ? 0 : form->size_bytes;
	}
	return 0;
}

char *printable_copy(const char *text)
{
	size_t n = strnlen(text, PRINTABLE_MAX);
	char *copy = strndup(text, n);

	if (!copy)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t size = character_size((const uint8_t *)copy + i, n - i);

		if (!size) {
			copy[i] = '?';
			size = 1;
		}
		i += size;
	}
	return copy;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/prompt.h"

#include <stdio.h>
#include <string.h>

#include "top/key.h"

void prompt_begin(struct prompt *prompt, const char *text)
{
	snprintf(prompt->text, sizeof(prompt->text), "%s", text);
}

static size_t encode(uint32_t character, char bytes[4])
{
	if (character < 0x80) {
		bytes[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		bytes[0] = (char)(0xc0 | character >> 6);
		bytes[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		bytes[0] = (char)(0xe0 | character >> 12);
		bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | character >> 18);
	bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

static void append(struct prompt *prompt, uint32_t character)
{
	size_t length = strlen(prompt->text), size;
	char bytes[4];

	if (character < ' ' || (character >= 0x7f && character < 0xa0) || character >= TOP_NAMED)
		return;
	size = encode(character, bytes);
	if (length + size >= sizeof(prompt->text))
		return;
	memcpy(prompt->text + length, bytes, size);
	prompt->text[length + size] = '\0';
}

/* The last character with all its bytes. */
static void erase(struct prompt *prompt)
{
	size_t length = strlen(prompt->text);

	while (length && ((unsigned char)prompt->text[--length] & 0xc0) == 0x80)
		;
	prompt->text[length] = '\0';
}

enum prompt_answer prompt_key(struct prompt *prompt, uint32_t key)
{
	switch (key) {
	case '\r':
	case '\n':
		return PROMPT_DONE;
	case TOP_ESCAPE:
		return PROMPT_LEFT;
	case TOP_ERASE:
	case 0x7f:
	case '\b':
		erase(prompt);
		break;
	case TOP_CTRL('u'):
		prompt->text[0] = '\0';
		break;
	default:
		append(prompt, key);
	}
	return PROMPT_TYPING;
}

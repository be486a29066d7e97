// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/escape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
/* Unicode 15: general categories Cf, Zl and Zp, the deprecated format characters, and the controls C1. */
static const struct range {
	unsigned int first, last;
} unprintable[] = {
	{ 0x7f, 0x9f },       { 0xad, 0xad },       { 0x600, 0x605 },     { 0x61c, 0x61c },     { 0x6dd, 0x6dd },
	{ 0x70f, 0x70f },     { 0x890, 0x891 },     { 0x8e2, 0x8e2 },     { 0x180e, 0x180e },   { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0xfeff, 0xfeff },   { 0xfff9, 0xfffb },   { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe007f },
};
// clang-format on

static bool is_unprintable(unsigned int character)
{
	if (character < 0x20)
		return true;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
		if (character <= unprintable[i].last)
			return character >= unprintable[i].first;
	}
	return false;
}

/* The length that the lead byte announces, its payload and the least value of that length; 0: no lead byte. */
static size_t utf8_lead(unsigned char byte, unsigned int *payload, unsigned int *least)
{
	if (byte < 0x80) {
		*payload = byte, *least = 0;
		return 1;
	}
	if ((byte & 0xe0) == 0xc0) {
		*payload = byte & 0x1f, *least = 0x80;
		return 2;
	}
	if ((byte & 0xf0) == 0xe0) {
		*payload = byte & 0x0f, *least = 0x800;
		return 3;
	}
	if ((byte & 0xf8) == 0xf0) {
		*payload = byte & 0x07, *least = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_decode(const char *text, unsigned int *character)
{
	unsigned int value, least;
	size_t length = utf8_lead((unsigned char)*text, &value, &least);

	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte & 0x3f);
	}
	if (!length || value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

/* Takes the next character off `text` and returns it as printable text in `piece`; of ASCII without those in `also`. */
static size_t escape_next(const char **text, const char *also, char piece[ESCAPE_MAX])
{
	unsigned int character;
	size_t length = utf8_decode(*text, &character);
	unsigned char byte = (unsigned char)**text;

	*text += length ? length : 1;
	if (length == 0)
		return (size_t)snprintf(piece, ESCAPE_MAX, "\\x%02x", byte);
	if (character == '\\')
		return (size_t)snprintf(piece, ESCAPE_MAX, "\\\\");
	if (is_unprintable(character) || (length == 1 && strchr(also, (int)character)))
		return (size_t)snprintf(piece, ESCAPE_MAX, length == 1 ? "\\x%02x" : "\\u{%x}", character);
	memcpy(piece, *text - length, length);
	piece[length] = '\0';
	return length;
}

/* How many characters at the beginning stand for themselves. Most names are such characters alone. */
static size_t plain_length(const char *text, const char *also)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] < 0x7f && text[length] != '\\' && !strchr(also, text[length]))
		length++;
	return length;
}

void escape_write_also(FILE *out, const char *text, const char *also)
{
	char piece[ESCAPE_MAX];

	while (text && *text) {
		size_t length = plain_length(text, also);

		fwrite(text, 1, length, out);
		text += length;
		if (!*text)
			break;
		length = escape_next(&text, also, piece);
		fwrite(piece, 1, length, out);
	}
}

void escape_write(FILE *out, const char *text)
{
	escape_write_also(out, text, "");
}

void escape_add(struct buffer *buffer, const char *text, const char *also)
{
	char piece[ESCAPE_MAX];

	while (text && *text) {
		size_t length = plain_length(text, also);

		buffer_add(buffer, text, length);
		text += length;
		if (*text)
			buffer_add(buffer, piece, escape_next(&text, also, piece));
	}
}

size_t escape_copy(char *buffer, size_t size, const char *text)
{
	char piece[ESCAPE_MAX];
	size_t needed = 0, used = 0;

	while (text && *text) {
		size_t length = escape_next(&text, "", piece);

		/* Once one piece did not fit, none that follows may: used stands still. */
		if (used == needed && used + length < size) {
			memcpy(buffer + used, piece, length);
			used += length;
		}
		needed += length;
	}
	if (size)
		buffer[used] = '\0';
	return needed;
}

char *utf8_repair(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *repaired = malloc(strlen(text) * (sizeof(replacement) - 1) + 1);
	char *end = repaired;

	if (!repaired)
		return NULL;
	while (*text) {
		unsigned int character;
		size_t length = utf8_decode(text, &character);

		if (length) {
			memcpy(end, text, length);
			text += length;
			end += length;
		} else {
			memcpy(end, replacement, sizeof(replacement) - 1);
			text++;
			end += sizeof(replacement) - 1;
		}
	}
	*end = '\0';
	return repaired;
}

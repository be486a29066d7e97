// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/cells.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "util/escape.h"

/* Marks on one letter; no script that names are written in has more. */
#define MARKS_MAX 2

/* What memtrace draws with, and what stands for it without UTF-8. */
static const struct {
	unsigned int character;
	const char *plain;
} stand_ins[] = {
    {0xb1, "+-"},  {0x2190, "<-"}, {0x2192, "->"}, {0x2026, "..."}, {0x2581, "_"}, {0x2582, "."}, {0x2583, ":"},
    {0x2584, "-"}, {0x2585, "="},  {0x2586, "+"},  {0x2587, "*"},   {0x2588, "#"}, {0x25b8, ">"}, {0x25be, "v"},
};

struct reader {
	const char *text;
	const char *plain; /* rest of what stands for a character, a column each */
	char escape[ESCAPE_MAX];
	unsigned int marks; /* on the letter before; beyond MARKS_MAX where there is none */
	bool utf8;
};

/* One character, or marks that belong to the one before. */
struct piece {
	const char *text;
	size_t size, columns;
};

static const char *stand_in(unsigned int character)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
		if (stand_ins[i].character == character)
			return stand_ins[i].plain;
	}
	return NULL;
}

/* Columns of a character; negative: it must not be sent. */
static int columns_of(struct reader *reader, unsigned int character)
{
	int columns = -1;

	if (character < 0x80)
		columns = character >= ' ' && character < 0x7f ? 1 : -1;
	else if (reader->utf8)
		columns = wcwidth((wchar_t)character);
	if (columns == 0 && ++reader->marks > MARKS_MAX)
		return -1;
	return columns;
}

/* The next piece; false at the end. */
static bool next(struct reader *reader, struct piece *piece)
{
	unsigned int character = 0;
	size_t size;
	int columns;

	if (!reader->plain || !*reader->plain) {
		if (!*reader->text)
			return false;
		size = utf8_decode(reader->text, &character);
		columns = size ? columns_of(reader, character) : -1;
		if (columns >= 0) {
			if (columns)
				reader->marks = 0;
			*piece = (struct piece){reader->text, size, (size_t)columns};
			reader->text += size;
			return true;
		}
		if (!size)
			snprintf(reader->escape, sizeof(reader->escape), "\\x%02x", (unsigned char)*reader->text);
		else
			snprintf(reader->escape, sizeof(reader->escape), character < 0x80 ? "\\x%02x" : "\\u{%x}",
			         character);
		reader->plain = size && !reader->utf8 ? stand_in(character) : NULL;
		if (!reader->plain)
			reader->plain = reader->escape;
		reader->text += size ? size : 1;
	}
	*piece = (struct piece){reader->plain++, 1, 1};
	reader->marks = 0;
	return true;
}

static struct reader reader_of(const char *text, bool utf8)
{
	return (struct reader){.text = text, .marks = MARKS_MAX, .utf8 = utf8};
}

size_t cells_add(struct buffer *out, const char *text, size_t skip, size_t width, bool utf8)
{
	struct reader reader = reader_of(text, utf8);
	struct piece piece;
	size_t at = 0, used = 0;

	while (next(&reader, &piece)) {
		size_t end = at + piece.columns;

		if (end > skip + width)
			break;
		if (at < skip && end > skip) {
			buffer_add(out, " ", 1);
			used++;
		} else if (at >= skip && (piece.columns || used)) {
			buffer_add(out, piece.text, piece.size);
			used += piece.columns;
		}
		at = end;
	}
	return used;
}

size_t cells_width(const char *text, bool utf8)
{
	struct reader reader = reader_of(text, utf8);
	struct piece piece;
	size_t columns = 0;

	while (next(&reader, &piece))
		columns += piece.columns;
	return columns;
}

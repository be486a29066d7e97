// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/sheet.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/escape.h"
#include "util/quantity.h"

void sheet_heading(const struct sheet *sheet, const char *format, ...)
{
	va_list arguments;

	if (sheet->colour)
		fputs("\033[1m", sheet->out);
	va_start(arguments, format);
	vfprintf(sheet->out, format, arguments);
	va_end(arguments);
	if (sheet->colour)
		fputs("\033[0m", sheet->out);
	fputc('\n', sheet->out);
}

/* Bytes of the next piece that is kept together, with the comma that ends it. */
static int piece_length(const char *text)
{
	size_t length = strcspn(text, " ,");

	return (int)length + (text[length] == ',');
}

/* Where a piece that is wider than a line is broken: not within a character. */
static int break_length(const char *text, int room)
{
	int length = room;

	while (length > 1 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void new_line(const struct sheet *sheet, int indent, int *column)
{
	fprintf(sheet->out, "\n%*s", indent, "");
	*column = indent;
}

/* A character is taken to be as wide as it has bytes, which it never exceeds. */
void sheet_words(const struct sheet *sheet, int used, int indent, const char *text)
{
	size_t size = escape_copy(NULL, 0, text) + 1;
	char *escaped = malloc(size), *at = escaped;
	int column = used, blanks = 0;

	if (escaped)
		escape_copy(escaped, size, text);
	if (column < indent)
		column += fprintf(sheet->out, "%*s", indent - column, "");
	while (at && *at) {
		int length = piece_length(at);

		if (column > indent && column + blanks + length > SHEET_COLUMNS) {
			new_line(sheet, indent, &column);
			blanks = 0;
		}
		if (length > SHEET_COLUMNS - column)
			length = break_length(at, SHEET_COLUMNS - column);
		column += fprintf(sheet->out, "%*s%.*s", blanks, "", length, at);
		at += length;
		blanks = (int)strspn(at, " ");
		at += blanks;
	}
	fputc('\n', sheet->out);
	free(escaped);
}

void sheet_name(const struct sheet *sheet, int width, const char *name)
{
	char text[SHEET_COLUMNS + 1];
	size_t room = (size_t)width + 1 < sizeof(text) ? (size_t)width + 1 : sizeof(text);

	if (escape_copy(text, room, name) >= room) {
		escape_copy(text, room - 1, name);
		strcat(text, "~");
	}
	fprintf(sheet->out, "%-*s", width, text);
}

void sheet_bytes(const struct sheet *sheet, int width, uint64_t bytes)
{
	char text[QUANTITY_SIZE];

	fprintf(sheet->out, "%*s", width, quantity_bytes(text, bytes));
}

void sheet_count(const struct sheet *sheet, int width, uint64_t count)
{
	char text[QUANTITY_SIZE];

	fprintf(sheet->out, "%*s", width, quantity_count(text, count));
}

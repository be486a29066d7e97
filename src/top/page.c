// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "top/cells.h"

/* Longer texts are added by page_add(). */
#define PRINTED_MAX 512

static int resize(struct page *page, size_t n_lines)
{
	if (page->n_lines == n_lines)
		return 0;
	page_free(page);
	page->lines = calloc(n_lines ? n_lines : 1, sizeof(*page->lines));
	if (!page->lines)
		return -ENOMEM;
	page->n_lines = n_lines;
	return 0;
}

int page_begin(struct page *page, size_t n_lines, size_t n_columns, bool utf8)
{
	int error = resize(page, n_lines);

	for (size_t i = 0; i < page->n_lines; i++) {
		struct page_line *line = &page->lines[i];

		buffer_clear(&line->text);
		line->n_runs = line->columns = 0;
		line->chosen = false;
	}
	page->n_columns = n_columns;
	page->line = 0;
	page->utf8 = utf8;
	page->typing = false;
	return error;
}

void page_free(struct page *page)
{
	for (size_t i = 0; i < page->n_lines; i++)
		buffer_free(&page->lines[i].text);
	free(page->lines);
	page->lines = NULL;
	page->n_lines = 0;
}

static struct page_line *current(const struct page *page)
{
	return page->line < page->n_lines ? &page->lines[page->line] : NULL;
}

size_t page_room(const struct page *page)
{
	const struct page_line *line = current(page);

	return line ? page->n_columns - line->columns : 0;
}

static void end_run(struct page_line *line, enum style style)
{
	struct page_run *last = line->n_runs ? &line->runs[line->n_runs - 1] : NULL;

	if (last && (last->style == style || line->n_runs == PAGE_RUNS_MAX))
		last->end = line->text.size;
	else
		line->runs[line->n_runs++] = (struct page_run){line->text.size, style};
}

static void add(struct page *page, enum style style, size_t skip, size_t width, const char *text)
{
	struct page_line *line = current(page);
	size_t room = page_room(page);

	if (!line)
		return;
	line->columns += cells_add(&line->text, text, skip, width < room ? width : room, page->utf8);
	end_run(line, style);
}

static void add_blanks(struct page *page, enum style style, size_t n)
{
	struct page_line *line = current(page);
	size_t room = page_room(page);

	if (!line)
		return;
	for (size_t i = 0; i < n && i < room; i++)
		buffer_add(&line->text, " ", 1);
	line->columns += n < room ? n : room;
	end_run(line, style);
}

void page_add(struct page *page, enum style style, const char *text)
{
	add(page, style, 0, SIZE_MAX, text);
}

void page_add_from(struct page *page, enum style style, size_t skip, const char *text)
{
	add(page, style, skip, page_room(page), text);
}

void page_printf(struct page *page, enum style style, const char *format, ...)
{
	char text[PRINTED_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	page_add(page, style, text);
}

void page_field(struct page *page, enum style style, size_t width, bool right, const char *text)
{
	size_t columns = cells_width(text, page->utf8), blanks = columns < width ? width - columns : 0;

	if (right)
		add_blanks(page, style, blanks);
	add(page, style, 0, width, text);
	if (!right)
		add_blanks(page, style, blanks);
}

void page_fill(struct page *page, enum style style)
{
	add_blanks(page, style, page_room(page));
}

void page_next(struct page *page)
{
	if (page->line < page->n_lines)
		page->line++;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the screen shows, as plain data: lines of text in styles, each no wider than the screen. */
#ifndef MEMTRACE_TOP_PAGE_H
#define MEMTRACE_TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_FAINT,
	STYLE_HEADING,  /* of the columns */
	STYLE_ORDERING, /* of the one that they are ordered by */
	STYLE_KEY,      /* in the last line */
	STYLE_MORE,     /* what has become more, grows, or was lost */
	STYLE_LESS,
	STYLE_STEADY,
	STYLE_BUSY,
	STYLE_ALERT, /* what the reader must see */
	STYLE_COUNT,
};

/* Further ones of a line are drawn like the last of these. */
#define PAGE_RUNS_MAX 24

/* Up to this byte, from the end of the run before. */
struct page_run {
	size_t end;
	enum style style;
};

struct page_line {
	struct buffer text; /* not ended by NUL */
	struct page_run runs[PAGE_RUNS_MAX];
	size_t n_runs;
	size_t columns; /* taken so far */
	bool chosen;    /* the cursor is on it */
};

struct page {
	struct page_line *lines; /* owned */
	size_t n_lines, n_columns;
	size_t line; /* that is being written; n_lines when all are full */
	bool utf8;
	bool typing; /* where the user types there is a cursor */
	size_t cursor_line, cursor_column;
};

/* Empty, of that size; begins as {0}. 0 or -ENOMEM, and then it has no lines. */
int page_begin(struct page *page, size_t n_lines, size_t n_columns, bool utf8);
void page_free(struct page *page);

/* Columns left in the line. */
size_t page_room(const struct page *page);
/* Adds escaped text to the line, as much as fits. */
void page_add(struct page *page, enum style style, const char *text);
void page_printf(struct page *page, enum style style, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same, in `width` columns; on their right if that is asked for. */
void page_field(struct page *page, enum style style, size_t width, bool right, const char *text);
/* The same of what stands from the column `skip` of the text on. */
void page_add_from(struct page *page, enum style style, size_t skip, const char *text);
/* Fills the rest of the line. */
void page_fill(struct page *page, enum style style);
/* Goes on in the next line. */
void page_next(struct page *page);

#endif

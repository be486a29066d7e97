// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole screen: which parts there is room for, and each in its place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top/cells.h"
#include "top/columns.h"
#include "top/cursor.h"
#include "top/details.h"
#include "top/head.h"
#include "top/keys.h"
#include "top/screen.h"
#include "top/stack_line.h"
#include "util/escape.h"

/* Lines that the integrity line may be broken into. */
#define INTEGRITY_LINES_MAX 3
#define KEY_WIDTH 12

/* Parts of the screen, from above. */
enum part {
	PART_TITLE,
	PART_TOTALS,
	PART_MARK,
	PART_CHOICE,
	PART_RECORDING,
	PART_MESSAGE,
	PART_HEADING,
	PART_LIST,
	PART_INTEGRITY,
	PART_KEYS,
	PART_COUNT,
};

/* Which part gets lines first: with too few of them the last ones have none. */
static const enum part precedence[] = {
    PART_INTEGRITY, PART_LIST,    PART_KEYS, PART_TOTALS,    PART_TITLE,
    PART_MESSAGE,   PART_HEADING, PART_MARK, PART_RECORDING, PART_CHOICE,
};

static bool is_typing(const struct screen *screen)
{
	return screen->mode == MODE_SEARCH || screen->mode == MODE_RECORD;
}

/* Lines that each part would have, but for what the list gets of the rest. */
static void want_lines(const struct screen *screen, size_t lines[PART_COUNT])
{
	for (int i = 0; i < PART_COUNT; i++)
		lines[i] = 1;
	lines[PART_MARK] = screen->watch->marked;
	lines[PART_RECORDING] = screen->recording.path[0] != '\0';
	lines[PART_MESSAGE] = screen->message[0] != '\0';
}

static size_t integrity_lines(const struct screen *screen)
{
	size_t columns = screen->integrity ? cells_width(screen->integrity, screen->utf8) : 0;
	size_t lines = screen->n_columns ? (columns + screen->n_columns - 1) / screen->n_columns : 1;

	if (lines > INTEGRITY_LINES_MAX)
		lines = INTEGRITY_LINES_MAX;
	return lines ? lines : 1;
}

static void share_lines(const struct screen *screen, size_t lines[PART_COUNT])
{
	size_t wanted[PART_COUNT], left = screen->n_lines, more;

	want_lines(screen, wanted);
	memset(lines, 0, PART_COUNT * sizeof(lines[0]));
	for (size_t i = 0; i < PART_COUNT; i++) {
		lines[precedence[i]] = wanted[precedence[i]] < left ? wanted[precedence[i]] : left;
		left -= lines[precedence[i]];
	}
	/* Of a long integrity line more, where that takes little from the list. */
	more = integrity_lines(screen) - 1;
	if (more > left / 4)
		more = left / 4;
	lines[PART_INTEGRITY] += more;
	lines[PART_LIST] += left - more;
}

static void draw_row(const struct screen *screen, const struct columns *columns, struct page *page,
                     const struct watched *watched, size_t line, bool chosen)
{
	page->lines[page->line].chosen = chosen;
	if (line) {
		details_draw(page, screen->watch, watched, line - 1, screen->first_column);
	} else {
		columns_draw(screen, columns, watched, page);
		stack_line_draw(page, screen->watch, watched, screen->first_column);
	}
	if (chosen)
		page_fill(page, STYLE_PLAIN);
	page_next(page);
}

static void draw_list(struct screen *screen, const struct columns *columns, struct page *page, size_t n_lines)
{
	size_t at = 0, end = page->line + n_lines;

	cursor_show(screen, n_lines);
	if (!screen->n_rows && n_lines)
		page_add(page, STYLE_FAINT, screen->search[0] ? "no stack has it" : "nothing is live");
	for (size_t i = 0; i < screen->n_rows && page->line < end; i++) {
		const struct watched *watched = screen->rows[i];
		size_t n = 1 + (watched->expanded ? details_count(watched) : 0);

		for (size_t line = 0; line < n && page->line < end; line++, at++) {
			if (at >= screen->first_line)
				draw_row(screen, columns, page, watched, line,
				         i == screen->cursor_row && line == screen->cursor_line);
		}
	}
	while (page->line < end)
		page_next(page);
}

static void draw_integrity(const struct screen *screen, struct page *page, size_t n_lines)
{
	enum style style = screen->complete ? STYLE_PLAIN : STYLE_ALERT;

	for (size_t i = 0; i < n_lines; i++) {
		page_add_from(page, style, i * page->n_columns, screen->integrity ? screen->integrity : "");
		page_next(page);
	}
}

/* What is being typed, its end at least. */
static void draw_prompt(const struct screen *screen, struct page *page)
{
	char text[PROMPT_SIZE * 4];
	size_t columns, room;

	page_add(page, STYLE_STRONG, screen->mode == MODE_SEARCH ? "Search: " : "Record to file: ");
	escape_copy(text, sizeof(text), screen->prompt.text);
	columns = cells_width(text, page->utf8);
	room = page_room(page);
	page_add_from(page, STYLE_PLAIN, columns + 1 > room ? columns + 1 - room : 0, text);
	page->typing = true;
	page->cursor_line = page->line;
	page->cursor_column = page->n_columns - page_room(page);
	if (page->cursor_column >= page->n_columns && page->n_columns)
		page->cursor_column = page->n_columns - 1;
}

static void draw_keys(const struct screen *screen, struct page *page)
{
	if (is_typing(screen)) {
		draw_prompt(screen, page);
		return;
	}
	if (screen->ended)
		page_add(page, STYLE_ALERT, "It has ended: q quits ");
	for (size_t i = 0; i < n_key_rows; i++) {
		const struct key_row *row = &key_rows[i];

		if (!row->brief)
			continue;
		page_printf(page, STYLE_KEY, "%.*s", (int)strcspn(row->shown, " "), row->shown);
		page_printf(page, STYLE_PLAIN, " %s  ", row->brief);
	}
}

/* Parts that are no more than a line. */
static void (*const draw_line[PART_COUNT])(const struct screen *screen, struct page *page) = {
    [PART_TITLE] = head_draw_title,   [PART_TOTALS] = head_draw_totals,       [PART_MARK] = head_draw_mark,
    [PART_CHOICE] = head_draw_choice, [PART_RECORDING] = head_draw_recording, [PART_MESSAGE] = head_draw_message,
    [PART_KEYS] = draw_keys,
};

static void draw_part(struct screen *screen, const struct columns *columns, struct page *page, enum part part,
                      size_t n_lines)
{
	if (part == PART_LIST) {
		draw_list(screen, columns, page, n_lines);
	} else if (part == PART_INTEGRITY) {
		draw_integrity(screen, page, n_lines);
	} else if (n_lines) {
		if (part == PART_HEADING)
			columns_draw_heading(screen, columns, page);
		else
			draw_line[part](screen, page);
		page_next(page);
	}
}

static void draw_help(struct screen *screen, struct page *page)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < n_key_rows; i++)
		n += key_rows[i].shown != NULL;
	if (screen->help_line + screen->n_lines > n + 2)
		screen->help_line = n + 2 > screen->n_lines ? n + 2 - screen->n_lines : 0;
	if (!screen->help_line) {
		page_add(page, STYLE_STRONG, "Keys of memtrace top; any other key leaves this");
		page_next(page);
		page_next(page);
	}
	at = 2;
	for (size_t i = 0; i < n_key_rows; i++) {
		if (!key_rows[i].shown)
			continue;
		if (at++ < screen->help_line)
			continue;
		page_add(page, STYLE_PLAIN, "  ");
		page_field(page, STYLE_KEY, KEY_WIDTH, false, key_rows[i].shown);
		page_printf(page, STYLE_PLAIN, " %s", key_rows[i].help);
		page_next(page);
	}
}

int screen_draw(struct screen *screen, struct page *page)
{
	size_t lines[PART_COUNT];
	struct columns columns;

	if (page_begin(page, screen->n_lines, screen->n_columns, screen->utf8))
		return -ENOMEM;
	if (screen->mode == MODE_HELP) {
		draw_help(screen, page);
		return 0;
	}
	share_lines(screen, lines);
	columns_measure(screen, &columns);
	for (int part = 0; part < PART_COUNT; part++)
		draw_part(screen, &columns, page, (enum part)part, lines[part]);
	return 0;
}

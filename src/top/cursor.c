// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/cursor.h"

#include "top/details.h"

static size_t lines_of(const struct watched *watched)
{
	return 1 + (watched->expanded ? details_count(watched) : 0);
}

/* Puts it on a line of a row, or of the last there is. */
static void put(struct screen *screen, size_t row, size_t line)
{
	if (!screen->n_rows) {
		screen->cursor_row = screen->cursor_line = 0;
		return;
	}
	if (row >= screen->n_rows) {
		row = screen->n_rows - 1;
		line = 0;
	}
	screen->cursor_row = row;
	screen->cursor_line = line < lines_of(screen->rows[row]) ? line : 0;
	screen->cursor_number = screen->rows[row]->number;
}

void cursor_find(struct screen *screen)
{
	if (!screen->cursor_moved) {
		put(screen, 0, 0);
		return;
	}
	for (size_t i = 0; i < screen->n_rows; i++) {
		if (screen->rows[i]->number == screen->cursor_number) {
			put(screen, i, screen->cursor_line);
			return;
		}
	}
	put(screen, screen->cursor_row, 0);
}

static void move_down(struct screen *screen)
{
	if (screen->cursor_line + 1 < lines_of(screen->rows[screen->cursor_row]))
		put(screen, screen->cursor_row, screen->cursor_line + 1);
	else if (screen->cursor_row + 1 < screen->n_rows)
		put(screen, screen->cursor_row + 1, 0);
}

static void move_up(struct screen *screen)
{
	if (screen->cursor_line)
		put(screen, screen->cursor_row, screen->cursor_line - 1);
	else if (screen->cursor_row)
		put(screen, screen->cursor_row - 1, lines_of(screen->rows[screen->cursor_row - 1]) - 1);
}

void cursor_move(struct screen *screen, ptrdiff_t lines)
{
	if (!screen->n_rows)
		return;
	screen->cursor_moved = true;
	for (; lines > 0; lines--)
		move_down(screen);
	for (; lines < 0; lines++)
		move_up(screen);
}

void cursor_go_first(struct screen *screen)
{
	screen->cursor_moved = false;
	cursor_find(screen);
}

void cursor_go_last(struct screen *screen)
{
	if (!screen->n_rows)
		return;
	screen->cursor_moved = true;
	put(screen, screen->n_rows - 1, lines_of(screen->rows[screen->n_rows - 1]) - 1);
}

void cursor_expand(struct screen *screen)
{
	struct watched *watched;

	if (!screen->n_rows)
		return;
	watched = screen->rows[screen->cursor_row];
	watched->expanded = !watched->expanded;
	screen->cursor_moved = true;
	put(screen, screen->cursor_row, 0);
}

void cursor_show(struct screen *screen, size_t list_lines)
{
	size_t at = screen->cursor_line, last, all = 0;

	screen->list_lines = list_lines;
	for (size_t i = 0; i < screen->n_rows; i++) {
		if (i == screen->cursor_row)
			at += all;
		all += lines_of(screen->rows[i]);
	}
	if (at < screen->first_line)
		screen->first_line = at;
	/* Of a stack that has just been expanded as much as fits. */
	last = at;
	if (screen->n_rows && !screen->cursor_line) {
		last += lines_of(screen->rows[screen->cursor_row]) - 1;
		if (last >= at + list_lines)
			last = at + (list_lines ? list_lines - 1 : 0);
	}
	if (last >= screen->first_line + list_lines)
		screen->first_line = last + 1 - list_lines;
	/* No empty lines at the end where there are more at the beginning. */
	if (screen->first_line + list_lines > all)
		screen->first_line = all > list_lines ? all - list_lines : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cursor in the list of stacks, of which each has one line or, expanded, several. */
#ifndef MEMTRACE_TOP_CURSOR_H
#define MEMTRACE_TOP_CURSOR_H

#include "top/screen.h"

/* Finds the stack again that it was on; if that has gone, it stays where it was in the list. */
void cursor_find(struct screen *screen);
/* By so many lines, up if negative. */
void cursor_move(struct screen *screen, ptrdiff_t lines);
void cursor_go_first(struct screen *screen);
void cursor_go_last(struct screen *screen);
/* Shows the frames of the stack that it is on, or hides them. */
void cursor_expand(struct screen *screen);
/* Has the list begin where, of so many lines on the screen, it is among them. */
void cursor_show(struct screen *screen, size_t list_lines);

#endif

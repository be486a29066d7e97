/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of the list: what stands in them, how wide they are, and which are left out where there is no room. */
#ifndef MEMTRACE_TOP_COLUMNS_H
#define MEMTRACE_TOP_COLUMNS_H

#include "top/screen.h"

enum column {
	COLUMN_BYTES,
	COLUMN_BLOCKS,
	COLUMN_CHANGE_BYTES,
	COLUMN_CHANGE_BLOCKS,
	COLUMN_OLDEST,
	COLUMN_TREND,
	COLUMN_VERDICT,
	COLUMN_COUNT, /* behind them all, the stack */
};

struct columns {
	size_t widths[COLUMN_COUNT]; /* 0: left out */
};

void columns_measure(const struct screen *screen, struct columns *columns);
void columns_draw_heading(const struct screen *screen, const struct columns *columns, struct page *page);
/* A stack's line, but for the stack itself. */
void columns_draw(const struct screen *screen, const struct columns *columns, const struct watched *watched,
                  struct page *page);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines above and below the list. Each writes one line of the page. */
#ifndef MEMTRACE_TOP_HEAD_H
#define MEMTRACE_TOP_HEAD_H

#include "top/screen.h"

/* "memtrace top: app (1234)", and on the right the time and what is going on */
void head_draw_title(const struct screen *screen, struct page *page);
/* Live bytes and blocks, and how fast they change */
void head_draw_totals(const struct screen *screen, struct page *page);
/* What has changed since the marked moment */
void head_draw_mark(const struct screen *screen, struct page *page);
/* Which stacks are shown, and in what order */
void head_draw_choice(const struct screen *screen, struct page *page);
/* Where it is recorded to */
void head_draw_recording(const struct screen *screen, struct page *page);
void head_draw_message(const struct screen *screen, struct page *page);

#endif

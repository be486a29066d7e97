/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys: a character's Unicode number, or one of these. */
#ifndef MEMTRACE_TOP_KEY_H
#define MEMTRACE_TOP_KEY_H

#define TOP_CTRL(letter) ((letter)&0x1f)
#define TOP_ESCAPE 0x1b

/* Beyond all characters. */
enum top_key {
	TOP_NAMED = 0x110000,
	TOP_UP,
	TOP_DOWN,
	TOP_LEFT,
	TOP_RIGHT,
	TOP_PAGE_UP,
	TOP_PAGE_DOWN,
	TOP_FIRST,
	TOP_LAST,
	TOP_ERASE,
	TOP_RESIZED, /* the screen has another size */
	TOP_REDRAW,  /* what is on it may not be what was drawn */
	TOP_HANG_UP, /* it is gone */
};

#endif

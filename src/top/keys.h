/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keys do, as rows: the help screen and the last line are made of them too. */
#ifndef MEMTRACE_TOP_KEYS_H
#define MEMTRACE_TOP_KEYS_H

#include "top/screen.h"

#define KEYS_OF_ROW_MAX 3

struct key_row {
	uint32_t keys[KEYS_OF_ROW_MAX]; /* 0: none */
	const char *shown;              /* how they are called; NULL: together with the row before */
	const char *help;
	const char *brief; /* in the last line; NULL: not there */
	void (*act)(struct screen *screen);
};

extern const struct key_row key_rows[];
extern const size_t n_key_rows;

#endif

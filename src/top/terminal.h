/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal on standard input and output, by ncurses: draws pages and reads keys, and nothing else. Signals that
 * come from it are read like keys; no handler runs, and none is missed.
 */
#ifndef MEMTRACE_TOP_TERMINAL_H
#define MEMTRACE_TOP_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top/page.h"

struct terminal;

/*
 * Checks that there is a terminal that can be drawn on, and takes the signals of the calling thread and of those that
 * it will start. Nothing is seen of it yet. 0, or -errno with one line in `error`.
 */
int terminal_new(struct terminal **result, char *error, size_t error_size);
/* The terminal is as it was found. NULL is allowed. */
void terminal_free(struct terminal *terminal);

/* Takes the whole screen. 0, or -errno as above. */
int terminal_begin(struct terminal *terminal, char *error, size_t error_size);

/* Whether it shows all of Unicode; since terminal_new(). */
bool terminal_is_utf8(const struct terminal *terminal);
void terminal_size(const struct terminal *terminal, size_t *n_lines, size_t *n_columns);
/* Readable when there may be a key. */
int terminal_fd(const struct terminal *terminal);
/* The next key: a character, or one of top/key.h. False: there is none now. */
bool terminal_key(struct terminal *terminal, uint32_t *key);

/* Shows the page; `anew`: whatever is on the screen. */
void terminal_draw(struct terminal *terminal, const struct page *page, bool anew);

#endif

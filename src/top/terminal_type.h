/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the terminal of standard output by its type (terminfo). */
#ifndef MEMTRACE_TOP_TERMINAL_TYPE_H
#define MEMTRACE_TOP_TERMINAL_TYPE_H

#include <stddef.h>

/* Whether it can be drawn on: 0, or -ENOTSUP. */
int terminal_type_check(void);
/* What it is sent to be as it was: no keypad mode, no attributes, a cursor, the screen before; after the check. */
void terminal_type_restoring(char *text, size_t size);

#endif

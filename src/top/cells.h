/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text cut to the columns of a terminal.
 *
 * Names in it are escaped already (util/escape.h). What then still has no width of its own (a mark that stands for no
 * letter, a character that the locale does not know) is escaped here. Without UTF-8 all that leaves here is ASCII:
 * the few characters that memtrace itself draws with have stand-ins, others are escaped.
 */
#ifndef MEMTRACE_TOP_CELLS_H
#define MEMTRACE_TOP_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"

/*
 * Adds what stands in the columns [skip, skip + width) of the text, and returns how many columns that takes. A wide
 * character of which only half would be seen is left out; on the left a blank takes the place of its other half.
 */
size_t cells_add(struct buffer *out, const char *text, size_t skip, size_t width, bool utf8);
/* Columns that the whole text takes. */
size_t cells_width(const char *text, bool utf8);

#endif

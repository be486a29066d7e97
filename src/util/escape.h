/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names made harmless. Function, file, process and module names come from the
 * target, so they may hold anything: a name must not move the cursor, break a
 * line, turn the reading direction or make a JSON line invalid.
 *
 * Escaped are: control characters (C0, DEL, C1), bytes that are not UTF-8,
 * format characters (bidirectional marks, zero-width ones, tags), line and
 * paragraph separators, and the backslash, so that no name can fake an escape.
 * A byte is written \xNN, a character beyond ASCII \u{HEX}.
 */
#ifndef MEMTRACE_UTIL_ESCAPE_H
#define MEMTRACE_UTIL_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

#include "util/buffer.h"

/* Bytes that the longest escape of one character takes, with its NUL: "\u{10ffff}". */
#define ESCAPE_MAX 12

/* Writes the escaped text. A failed write is left in ferror(out). NULL is written as nothing. */
void escape_write(FILE *out, const char *text);
/* Escapes also the characters of ASCII in `also`: those that mean something in the format that is written. */
void escape_write_also(FILE *out, const char *text, const char *also);
/* The same into a buffer. */
void escape_add(struct buffer *buffer, const char *text, const char *also);

/*
 * The same into a buffer of `size` bytes, which is always terminated when size > 0 and never ends
 * within an escape. Returns the length that the whole text needs, without the NUL, as snprintf does.
 */
size_t escape_copy(char *buffer, size_t size, const char *text);

/* A copy with each byte that is not UTF-8 replaced by U+FFFD; NULL when out of memory. The caller frees it. */
char *utf8_repair(const char *text);

/*
 * Decodes the character at `text` (terminated by NUL). Returns its length in bytes, 0 if the byte there
 * begins no valid UTF-8 (overlong forms, surrogates and values beyond U+10FFFF are not valid).
 */
size_t utf8_decode(const char *text, unsigned int *character);

#endif

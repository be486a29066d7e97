/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, words and numbers of the kernel's text files. */
#ifndef MEMTRACE_MACHINE_TEXT_H
#define MEMTRACE_MACHINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of a text, not terminated. */
struct span {
	const char *start;
	size_t length;
};

/* Takes the next line, without its newline, off *text. False at the end. */
bool text_line(const char **text, struct span *line);
/* Takes the next word off *rest: what stands between blanks. False when there is none. */
bool span_word(struct span *rest, struct span *word);
/* Takes the next word off *rest and reads it as a decimal number. False when it is none: *rest is then as it was. */
bool span_number(struct span *rest, uint64_t *value);
/* Takes `prefix` off the start of *rest. False when it does not begin so. */
bool span_skip(struct span *rest, const char *prefix);
/* Takes off *rest all up to the first `end` and that byte. False when there is none. */
bool span_until(struct span *rest, char end, struct span *before);
/* Without blanks at either end. */
struct span span_trim(struct span span);
bool span_is(struct span span, const char *text);
/* The whole span as a decimal number; false when it is none, or does not fit. */
bool span_decimal(struct span span, uint64_t *value);

#endif

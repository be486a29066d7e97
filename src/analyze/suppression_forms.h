/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers of the forms that suppression files have, behind suppressions_parse(). */
#ifndef MEMTRACE_ANALYZE_SUPPRESSION_FORMS_H
#define MEMTRACE_ANALYZE_SUPPRESSION_FORMS_H

#include "analyze/suppressions.h"

/* A text that is taken line by line. */
struct suppression_text {
	const char *name; /* of the file */
	const char *at, *end;
	unsigned int line; /* number of the one taken last */
	suppression_demangle *demangle;
	char *error; /* where one line goes */
	size_t error_size;
};

/* Takes the next line that is neither empty nor a comment, without blanks at its ends. False: there is none. */
bool suppression_line(struct suppression_text *text, const char **line, size_t *length);
/* Adds an empty suppression with a copy of its text, NULL: out of memory or too many. */
struct suppression *suppression_add(struct suppressions *suppressions, const struct suppression_text *text,
                                    unsigned int line, const char *words, size_t length);
/* Adds a frame whose pattern is a copy. 0, -ENOMEM or -E2BIG. */
int suppression_add_frame(struct suppression *suppression, enum suppression_part part, const char *pattern,
                          size_t length);
/* Makes "NAME:LINE: WORDS" the error. Returns -EINVAL. */
int suppression_wrong(struct suppression_text *text, const char *words);

int suppression_parse_lsan(struct suppressions *suppressions, struct suppression_text *text);
int suppression_parse_valgrind(struct suppressions *suppressions, struct suppression_text *text);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in XML. */
#ifndef MEMTRACE_REPORT_XML_H
#define MEMTRACE_REPORT_XML_H

#include <stdio.h>

/*
 * Writes text from outside, in an attribute or in an element: escaped as escape_write() does, and so that it
 * is valid XML 1.0. 0 or -ENOMEM; a failed write is left in ferror(out).
 */
int xml_write(FILE *out, const char *text);

#endif

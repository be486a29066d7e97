/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that stands within an HTML <script>: written at once, with nothing built in memory, and with nothing in it
 * that HTML or JavaScript would take for its own. A failed write is left in ferror(out).
 */
#ifndef MEMTRACE_REPORT_SCRIPT_JSON_H
#define MEMTRACE_REPORT_SCRIPT_JSON_H

#include <stdint.h>
#include <stdio.h>

/* A string: any bytes, escaped as escape_write() does, then for JSON and HTML; NULL is "". 0 or -ENOMEM. */
int script_json_string(FILE *out, const char *text);
/* "name": with a comma before, unless `first`; a name that needs no escaping. */
void script_json_key(FILE *out, const char *name, int first);

#endif

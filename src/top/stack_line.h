/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack in one line. */
#ifndef MEMTRACE_TOP_STACK_LINE_H
#define MEMTRACE_TOP_STACK_LINE_H

#include "top/page.h"
#include "top/watch.h"

/*
 * Adds to the page, from a column of it on, "site_leak app.c:12 ← leak ← main": the innermost frame in the program's
 * own file and its callers, and where it called into libraries "handle app.c:31 → std::string::append" first. Before
 * it stand the kind, if it is not the heap, and the process, if there are several.
 */
void stack_line_draw(struct page *page, const struct watch *watch, const struct watched *watched, size_t first_column);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown below a stack that is expanded: its sums, the verdict, and all its frames. */
#ifndef MEMTRACE_TOP_DETAILS_H
#define MEMTRACE_TOP_DETAILS_H

#include "top/page.h"
#include "top/watch.h"

size_t details_count(const struct watched *watched);
/* Adds line `i` of them to the page, what stands from a column on. */
void details_draw(struct page *page, const struct watch *watch, const struct watched *watched, size_t i,
                  size_t first_column);

#endif

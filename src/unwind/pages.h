/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps to the pages and rows of a table (model/unwind_rule.h). */
#ifndef MEMTRACE_UNWIND_PAGES_H
#define MEMTRACE_UNWIND_PAGES_H

#include <stdint.h>

#include "unwind/rule_set.h"
#include "unwind/steps.h"
#include "unwind/unwind.h"

/*
 * Fills base, pages, rows and rules of the table, and counts in n_not_expressed what has no
 * place in its page. `origin` is the address at offset 0, a multiple of the page size; the last
 * step is where the table ends. 0 or -ENOMEM.
 */
int unwind_pages_make(struct unwind_table *table, const struct steps *steps, const struct rule_set *rules,
                      uint64_t origin);

#endif

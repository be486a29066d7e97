/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared, for the page of --format html, which is opened on it. */
#ifndef MEMTRACE_REPORT_HTML_COMPARISON_H
#define MEMTRACE_REPORT_HTML_COMPARISON_H

#include "report/renderer.h"

/*
 * The first n_rows rows as one snapshot, with both moments as its history: stacks in the rows' order, of one process
 * that stands for all. It borrows what the comparison's own snapshots have: html_comparison_free(). 0 or -ENOMEM.
 */
int html_comparison_join(const struct comparison *comparison, size_t n_rows, struct snapshot **result);
void html_comparison_free(struct snapshot *joint);

/* The names of both moments, and what has become of each row. 0 or -ENOMEM; a failed write is left in ferror(out). */
int html_comparison_write(FILE *out, const struct comparison *comparison, size_t n_rows,
                          const struct render_options *options);

#endif

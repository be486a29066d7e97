/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the page of --format html is made from: one JSON object. Lists of one length are columns of one table
 * (stacks, frames, tree, processes), and names stand as numbers of `strings`, -1 for none. src/report/html/data.js
 * reads it; the two change together.
 */
#ifndef MEMTRACE_REPORT_HTML_DATA_H
#define MEMTRACE_REPORT_HTML_DATA_H

#include "report/renderer.h"

/* Harmless within a <script type="application/json">. 0 or -ENOMEM; a failed write is left in ferror(out). */
int html_data_write(FILE *out, const struct snapshot *snapshot, const struct render_options *options);
/* The same of a comparison, of as many rows as `options` asks for. */
int html_data_write_comparison(FILE *out, const struct comparison *comparison, const struct render_options *options);

#endif

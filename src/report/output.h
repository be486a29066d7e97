/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes: standard output, or a file that always holds one whole report. */
#ifndef MEMTRACE_REPORT_OUTPUT_H
#define MEMTRACE_REPORT_OUTPUT_H

#include "report/renderer.h"

/*
 * Renders the snapshot to standard output (`path` NULL) or to the file.
 *
 * A regular file, or one that does not exist yet, is replaced by renaming a whole
 * report over it; on failure it stays as it was and nothing is left beside it. A
 * replaced file keeps its mode and, where permitted, its owner; a symbolic link is
 * followed. Anything else (a terminal, a FIFO, /dev/full), and a file that is this
 * process's standard output or error, is written to directly. A file gets no colour.
 *
 * Returns 0 or -errno.
 */
int output_report(const char *path, const struct renderer *renderer, const struct snapshot *snapshot,
                  const struct render_options *options);
/* The same for what is said of a machine. -EOPNOTSUPP where the renderer has no form for it. */
int output_machine(const char *path, const struct renderer *renderer, const struct machine_report *report,
                   const struct render_options *options);
/* The same for what has changed between two. -EOPNOTSUPP where the renderer has no form for it. */
int output_comparison(const char *path, const struct renderer *renderer, const struct comparison *comparison,
                      const struct render_options *options);
/* 0 where a report can be put there, as far as that can be told beforehand, or -errno. */
int output_check(const char *path);

#endif

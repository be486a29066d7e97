/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing two snapshots, of one run or of two, also of different builds. */
#ifndef MEMTRACE_ANALYZE_COMPARE_H
#define MEMTRACE_ANALYZE_COMPARE_H

#include "analyze/select.h"
#include "model/comparison.h"

/*
 * Compares them by the names of their stacks (analyze/stable_key.h) and their kinds; all stacks have names. What has
 * changed most comes first, more before less: by live bytes or, with SELECT_COUNT, by live blocks. At most `top` rows
 * are shown, 0: all but those in which nothing has changed. The caller frees it before the snapshots. 0 or -ENOMEM.
 */
int compare_snapshots(const struct snapshot *before, const struct snapshot *after, enum select_key key, size_t top,
                      struct comparison **comparison);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which live blocks can still be reached: by roots, by each other, or by nobody. */
#ifndef MEMTRACE_ANALYZE_REACH_H
#define MEMTRACE_ANALYZE_REACH_H

#include "model/reach.h"

/*
 * Blocks in the order of their addresses, of which one may lie within another; words in the order of where they lie.
 * Words that lie in no block are roots. Both are the caller's; fewer than 2^32 - 1 of each. 0 or -errno, and
 * then there is no result.
 */
int reach_classify(const struct reach_block *blocks, size_t n_blocks, const struct reach_word *words, size_t n_words,
                   struct reach_result *result);
void reach_result_free(struct reach_result *result);

#endif

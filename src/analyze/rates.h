/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast each stack grows: the least that it grew in any round, so that one burst is no growth. */
#ifndef MEMTRACE_ANALYZE_RATES_H
#define MEMTRACE_ANALYZE_RATES_H

#include "model/snapshot.h"

/*
 * rounds[0..n) are snapshots in the order of time, merged (aggregate_merge()), the last of which may be `now` itself.
 * Sets rates[i], in bytes per second, for each stack of `now`; 0 for all with less than two snapshots. A stack that
 * is not in a snapshot had nothing then; its rows of other leak classes count as the same stack. 0 or -ENOMEM.
 */
int rates_measure(struct snapshot *const *rounds, size_t n, const struct snapshot *now, double *rates);

#endif

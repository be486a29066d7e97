/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which stacks of a snapshot memtrace check judges. The order of the snapshot's stacks says it: those that are judged
 * come first, the most bytes first; snapshot->judgement tells of each what it is judged as.
 */
#ifndef MEMTRACE_ANALYZE_JUDGE_H
#define MEMTRACE_ANALYZE_JUDGE_H

#include "model/snapshot.h"

/*
 * Begins the judgement: takes the stacks that have live blocks of a kind asked for. `rates` has each stack's growth
 * (rates_measure()), NULL: nobody asked. All that are judged are shown, so that they get names. The stacks must have
 * been summed (aggregate_sum()). 0 or -ENOMEM, and then there is no judgement and nothing has changed.
 */
int judge_choose(struct snapshot *snapshot, const bool kinds[CHECK_KIND_COUNT], const double *rates);

/* Judged stacks for which keep[i] is false are judged no more, nor shown. The others keep their order. 0 or -ENOMEM. */
int judge_keep(struct snapshot *snapshot, const bool *keep);

/* Adds a finding: its stack is one that is judged, or FINDING_OF_ALL. 0 or -ENOMEM. */
int judge_find(struct judgement *judgement, enum check_rule rule, size_t stack, double value);

/*
 * What a report shows: every stack that something was found of, before the others, of which there are so many that
 * it is `top` in all; 0: all. 0 or -ENOMEM.
 */
int judge_show(struct snapshot *snapshot, size_t top);

#endif

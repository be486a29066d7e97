/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who frees a stack's blocks (model/churn.h), by name. */
#ifndef MEMTRACE_SYMBOLIZE_FREE_PLACES_H
#define MEMTRACE_SYMBOLIZE_FREE_PLACES_H

#include "symbolize/symbolizer.h"

/*
 * Tells of each place whether the function that allocates calls the free as well: the one whose code both calls are
 * in, whatever is inlined there. `named`: the places get their frames, too. A stack without churn stays as it is. 0 or
 * -errno.
 */
int free_places_name(struct symbolizer *symbolizer, const struct process *process, struct stack *stack, bool named);

#endif

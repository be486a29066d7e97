/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_REPORT_FOLDED_FRAMES_H
#define MEMTRACE_REPORT_FOLDED_FRAMES_H

#include "model/snapshot.h"
#include "util/buffer.h"

/* What names of folded stacks may not hold, beside control characters. */
#define FOLDED_SEPARATOR ";"
/* Nor may a line begin with a #: some tools take it for a comment then. */
#define FOLDED_BEGINNING FOLDED_SEPARATOR "#"

/* "outermost;…;innermost", each escaped; a line may begin with it. */
void folded_frames_add(struct buffer *line, const struct process *process, const struct stack *stack);

#endif

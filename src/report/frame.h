/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a stack as a renderer prints them: those that the symbolizer made
 * or, for a stack that was not symbolized, the bare addresses with their modules.
 */
#ifndef MEMTRACE_REPORT_FRAME_H
#define MEMTRACE_REPORT_FRAME_H

#include "model/snapshot.h"

/* What stands for a module that is not known. */
#define MODULE_UNKNOWN "[unknown]"

struct printed_frame {
	struct frame frame;                  /* module is never NULL */
	char build_id[2 * BUILD_ID_MAX + 1]; /* what frame.build_id may point to */
};

size_t printed_frame_count(const struct stack *stack);
/* Fills `printed` with frame `i` of the stack, which is a stack of `process`. */
void printed_frame_get(struct printed_frame *printed, const struct process *process, const struct stack *stack,
                       size_t i);
/* Why a stack has no frames; static. */
const char *frames_unknown_reason(const struct stack *stack);

#endif

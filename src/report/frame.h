/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a stack as a renderer prints them: those that the symbolizer made
 * or, for a stack that was not symbolized, the bare addresses with their modules.
 */
#ifndef MEMTRACE_REPORT_FRAME_H
#define MEMTRACE_REPORT_FRAME_H

#include "model/snapshot.h"
#include "util/buffer.h"

/* What stands for a module that is not known. */
#define MODULE_UNKNOWN "[unknown]"

struct printed_frame {
	struct frame frame;                  /* module is never NULL */
	char build_id[2 * BUILD_ID_MAX + 1]; /* what frame.build_id may point to */
	char words[64];                      /* what frame.function may point to */
};

/* Why a stack has no frames: "allocated before memtrace attached", …; static. */
const char *stack_unknown_words(const struct stack *stack);

size_t printed_frame_count(const struct stack *stack);
/* Fills `printed` with frame `i` of the stack, which is a stack of `process`. */
void printed_frame_get(struct printed_frame *printed, const struct process *process, const struct stack *stack,
                       size_t i);

/*
 * The same for forms that join stacks to trees: where the frames are not all there, one more says so. It is the
 * outermost, has a function in brackets ("[stack ends: depth]", "[frames not known: …]") and no address.
 */
size_t tree_frame_count(const struct stack *stack);
void tree_frame_get(struct printed_frame *printed, const struct process *process, const struct stack *stack, size_t i);
/* "[libc.so.6]", escaped, and the characters in `also` too. */
void frame_module_add(struct buffer *buffer, const struct frame *frame, const char *also);
/* "fibonacci", "0x7ffff7d0989c [libc.so.6]": a frame's name where there is room for no more; escaped so, too. */
void frame_name_add(struct buffer *buffer, const struct frame *frame, const char *also);

#endif

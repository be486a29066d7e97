/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of a stack in reports for people: "fibonacci+0x1f [app] app.c:12", a line each. */
#ifndef MEMTRACE_REPORT_TEXT_FRAMES_H
#define MEMTRACE_REPORT_TEXT_FRAMES_H

#include <stdio.h>

#include "model/snapshot.h"

#define TEXT_STACK_INDENT "    "
#define TEXT_FRAME_INDENT "        "

/* One of them, without the blanks before and the end of the line. */
void text_frame_write(FILE *out, const struct frame *frame);
/* Why they end where they end, or why there are none; so too. Nothing where they are all there. */
void text_frames_end_write(FILE *out, const struct stack *stack);
/* All, also why they end where they end, or why there are none. */
void text_frames_write(FILE *out, const struct snapshot *snapshot, const struct stack *stack);

#endif

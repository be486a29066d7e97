/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of a stack in reports for people: "fibonacci+0x1f [app] app.c:12", a line each. */
#ifndef MEMTRACE_REPORT_TEXT_FRAMES_H
#define MEMTRACE_REPORT_TEXT_FRAMES_H

#include <stdio.h>

#include "model/snapshot.h"

#define TEXT_STACK_INDENT "    "
#define TEXT_FRAME_INDENT "        "

/* "fibonacci+0x1f [app] app.c:12", no more. */
void text_frame_write(FILE *out, const struct frame *frame);
/* Why a stack's frames end where they end, or why there are none; so too. Nothing where they are all there. */
void text_frames_end_write(FILE *out, const struct stack *stack);
/* Those of a stack, with both. */
void text_frames_write(FILE *out, const struct snapshot *snapshot, const struct stack *stack);

#endif

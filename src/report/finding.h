/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtrace check has found, in words that all forms of its report share. */
#ifndef MEMTRACE_REPORT_FINDING_H
#define MEMTRACE_REPORT_FINDING_H

#include <stdio.h>

#include "model/snapshot.h"
#include "report/frame.h"

#define FINDING_WORDS_SIZE 256

/* "40960 bytes in 5 blocks (definite), over --max-stack-bytes 4096": no names, ASCII. Returns `words`. */
const char *finding_words(char words[FINDING_WORDS_SIZE], const struct snapshot *snapshot,
                          const struct check_finding *finding);
/* "--max-stack-bytes 4096", "--fail-on growth=10%"; what broke it. Returns `words`. */
const char *finding_rule_words(char words[FINDING_WORDS_SIZE], const struct judgement *judgement, enum check_rule rule);
/* "failed: 3 findings", "no verdict: something was lost", "passed". Returns `words`. */
const char *finding_outcome_words(char words[FINDING_WORDS_SIZE], const struct judgement *judgement);

/*
 * The frame to point at: the innermost one whose source file is below the directory it was compiled in, else that has
 * a file, else the innermost. False where the stack has no frames.
 */
bool finding_place(const struct snapshot *snapshot, const struct stack *stack, struct printed_frame *place);

/* "fibonacci(int) [app] app.c:12", names as they are; the caller frees. NULL: out of memory. */
char *finding_frame(const struct frame *frame);

#endif

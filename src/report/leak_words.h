/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a block, in words. */
#ifndef MEMTRACE_REPORT_LEAK_WORDS_H
#define MEMTRACE_REPORT_LEAK_WORDS_H

#include <stdio.h>

#include "model/snapshot.h"

/* "0x55…, in a block of 48 bytes allocated by f (app.c:12)", "rbx of thread 12", "0x7f…, on the stack of
 * thread 12", … A failed write is left in ferror(out). */
void leak_words_holding(FILE *out, const struct snapshot *snapshot, const struct process *process,
                        const struct holding *holding);

/* "block", "register", "kernel", "stack", "globals", "allocator", "mapped", "unknown"; static. */
const char *leak_words_place(const struct holding *holding);
/* Of "kernel", what it holds the pointer for: "epoll", "timer", "signal-stack"; else NULL; static. */
const char *leak_words_kept(const struct holding *holding);

#endif

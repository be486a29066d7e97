/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detaching in the background. For each link the kernel waits until no program runs by it any more, some
 * milliseconds; several wait for the same at once.
 */
#ifndef MEMTRACE_PROBE_DETACH_H
#define MEMTRACE_PROBE_DETACH_H

struct attachment;
struct detacher;

/* NULL when out of memory. */
struct detacher *detacher_new(void);
/* Waits until all is detached. */
void detacher_free(struct detacher *detacher);

/* Takes the attachment over (NULL: nothing); it is detached some time after. */
void detacher_take(struct detacher *detacher, struct attachment *attachment);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ended children were like at their end, as plain data: their slots, probes and rows of the tables
 * are for others. All with the session's lock held.
 */
#ifndef MEMTRACE_COLLECT_ENDED_H
#define MEMTRACE_COLLECT_ENDED_H

#include <stdbool.h>
#include <stdint.h>

struct ended;
struct session;
struct snapshot;

/* Keeps about max_bytes. 0 or -ENOMEM. */
int ended_new(uint64_t max_bytes, struct ended **result);
void ended_free(struct ended *ended);

/* Gives up the slots of children that have ended, when there are many of them or no slot is left. */
void ended_retire(struct session *session);

/* Adds them to a snapshot that is of the moment now_ns. 0 or -ENOMEM. */
int ended_add(const struct ended *ended, struct snapshot *snapshot, uint64_t now_ns, bool with_blocks);

#endif

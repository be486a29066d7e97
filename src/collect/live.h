/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live table's side in user space: levels are added as it fills, within a ceiling, and
 * scanned without stopping the programs that change it (protocol: bpf/memtrace.h).
 */
#ifndef MEMTRACE_COLLECT_LIVE_H
#define MEMTRACE_COLLECT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memtrace.h"

struct live;
struct memtrace_bpf;

/* Makes the first level. `max_slots` bounds the sum of all levels. 0 or -errno. */
int live_new(struct memtrace_bpf *bpf, uint64_t max_slots, struct live **result);
void live_free(struct live *live);

/* Bytes of the kernel's memory that the levels take now. */
uint64_t live_bytes(const struct live *live);

/* Looks how full the table is, and adds a level or inserts into another. 0 or -errno. */
int live_grow(struct live *live);

/* Calls `found` once for each block. 0 or -errno. */
int live_scan(struct live *live,
              void (*found)(void *context, uint64_t owner, uint64_t address, const struct mt_block *block),
              void *context);

/* Returns when all programs have ended that ran at the time of the call. 0 or -errno. */
int live_settle(struct live *live);

/* Removes all blocks of owners (programs that are no more) that go. 0 or -errno. */
int live_remove(struct live *live, bool (*goes)(void *context, uint64_t owner), void *context);

#endif

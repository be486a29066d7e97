/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the memory of a process lay when it was last asked: its last report is made when it is gone. */
#ifndef MEMTRACE_COLLECT_PLACE_MEMO_H
#define MEMTRACE_COLLECT_PLACE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/resident.h"

struct place_memo;

/* NULL when out of memory. */
struct place_memo *place_memo_new(void);
void place_memo_free(struct place_memo *memo);

/* Adds pieces, which lie behind all that were added, and the node of each (negative: none). */
void place_memo_add(struct place_memo *memo, const struct resident_piece *pieces, const int *nodes, size_t n);
/* Whether all could be kept. */
bool place_memo_whole(const struct place_memo *memo);

/* As resident_next(), but pieces may be of any size, and their nodes come with them. */
size_t place_memo_next(const struct place_memo *memo, uint64_t *from, uint64_t end, struct resident_piece *pieces,
                       int *nodes, size_t max);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives rows of the stack table back that nothing refers to: no live block, no mapping, no pending
 * call. Their sums go to the row without frames of their process and kind.
 */
#ifndef MEMTRACE_COLLECT_RECLAIM_H
#define MEMTRACE_COLLECT_RECLAIM_H

#include <stdint.h>

struct session;

struct reclaim {
	uint32_t *looked;              /* by row: its allocations when it was last looked at (modulo 2^32) */
	uint64_t row_mark, piece_mark; /* a round is due when fewer are free */
	uint64_t last_ns;              /* end of the last round */
};

/* 0 or -ENOMEM. */
int reclaim_new(struct session *session);
void reclaim_free(struct session *session);

/* Makes room in the stack table when there is little; with the session's lock held. */
void reclaim_when_crowded(struct session *session);

#endif

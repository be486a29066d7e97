/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives rows of the stack table back that nothing refers to: no live block, nor what the session knows of. */
#ifndef MEMTRACE_COLLECT_RECLAIM_H
#define MEMTRACE_COLLECT_RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

struct live;
struct reclaim_round;
struct stack_table;

/* What a session knows of rows, beside what the programs count in them. */
struct reclaim_ops {
	/* Has it as many frees as allocations; how many allocations (modulo 2^32). */
	bool (*idle)(void *session, uint32_t number);
	uint32_t (*used)(void *session, uint32_t number);
	/* No program that begins from now on takes a row from a walk that it remembers. */
	void (*forget_walks)(void *session);
	/* Calls reclaim_hold() for each row below `end` that something refers to. 0, or -errno: not all are known. */
	int (*hold)(void *session, struct reclaim_round *round, uint32_t end);
	/* The row is given back: its sums go to a row without frames. */
	void (*keep_sums)(void *session, uint32_t number);
};

struct reclaim {
	const struct reclaim_ops *ops;
	void *session;
	struct stack_table *stacks;
	uint32_t *looked;              /* by row: its allocations when it was last looked at (modulo 2^32) */
	uint64_t row_mark, piece_mark; /* a round is due when fewer are free */
	uint64_t last_ns;              /* end of the last round */
};

/* Borrows all three, which must live as long. 0 or -ENOMEM. */
int reclaim_init(struct reclaim *reclaim, const struct reclaim_ops *ops, void *session, struct stack_table *stacks);
void reclaim_free(struct reclaim *reclaim);

/* Makes room in the stack table when there is little; with the session's lock held. */
void reclaim_when_crowded(struct reclaim *reclaim, struct live *live);

/* For ops->hold(): the row is in use. */
void reclaim_hold(struct reclaim_round *round, uint32_t number);

#endif

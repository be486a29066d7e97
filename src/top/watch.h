/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stacks that are watched: of each the newest figures, their course, and what it had when the moment was marked.
 * Bounded: of more stacks than there is room for those with the fewest live bytes are left out.
 */
#ifndef MEMTRACE_TOP_WATCH_H
#define MEMTRACE_TOP_WATCH_H

#include "model/snapshot.h"
#include "top/sparkline.h"

struct watched {
	uint64_t number; /* told apart by it; never used again */
	/* As the newest snapshot has it, but for what it owns: addresses, and frames once they were given. */
	struct stack stack;
	size_t at;                       /* its index in that snapshot; SIZE_MAX: it is not in it */
	uint64_t courses[SPARKLINE_MAX]; /* live bytes, the newest last */
	size_t n_courses;
	uint64_t marked_bytes, marked_blocks; /* live when the moment was marked */
	bool expanded;
	bool left_unnamed; /* there was no room for its frames */
};

struct watch {
	struct watched **stacks; /* in the order of their identities; owned */
	size_t n_stacks, max_stacks;
	size_t n_frames, max_frames; /* of all stacks */
	size_t n_left_out;           /* of the newest snapshot, for want of room */
	struct snapshot keys;        /* of the newest snapshot the processes: what names them and tells them apart */
	uint64_t next_number;
	uint64_t n_snapshots;
	bool marked;
};

/* For as many stacks as fit into max_bytes. NULL: out of memory. */
struct watch *watch_new(uint64_t max_bytes);
/* NULL is allowed. */
void watch_free(struct watch *watch);

/*
 * Takes up the next snapshot, in the order in which aggregate_merge() has put its stacks. Stacks of which nothing is
 * live are forgotten, unless something was when the moment was marked. 0 or -ENOMEM, and then nothing has changed.
 */
int watch_update(struct watch *watch, const struct snapshot *snapshot);

/* The moment is now; false: there is none any more. */
void watch_mark(struct watch *watch, bool mark);
/* Of live bytes and blocks since the moment; 0 without one. */
int64_t watched_change_bytes(const struct watch *watch, const struct watched *watched);
int64_t watched_change_blocks(const struct watch *watch, const struct watched *watched);

/* Takes the frames of the same stack over, as long as there is room; without, it goes on being shown by addresses. */
void watch_take_frames(struct watch *watch, struct watched *watched, struct stack *from);
/* Whether its frames could be named and have not been. */
bool watched_is_unnamed(const struct watched *watched);
const struct process *watched_process(const struct watch *watch, const struct watched *watched);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two snapshots, stack by stack. */
#ifndef MEMTRACE_MODEL_COMPARISON_H
#define MEMTRACE_MODEL_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

enum change {
	CHANGE_NEW,  /* it allocated nothing before */
	CHANGE_GONE, /* it allocates no more */
	CHANGE_MORE, /* live bytes, or with as many of them blocks */
	CHANGE_LESS,
	CHANGE_NONE,
	CHANGE_COUNT,
};

/* "new", "gone", …; static. */
const char *change_name(enum change change);

/* Stacks that are the same by their names, whatever process and build they are of. */
struct compared {
	struct usage before, after;
	enum change change;
	const struct snapshot *snapshot; /* that the stack is of */
	const struct stack *stack;       /* one of them, for its frames */
	size_t rank;                     /* by names, where nothing else tells an order */
};

struct comparison {
	const char *before_name, *after_name; /* as the user gave them */
	const struct snapshot *before, *after;
	struct compared *rows; /* those to show come first, in order */
	size_t n_rows, n_shown;
};

/* The snapshots and the names stay. NULL is allowed. */
void comparison_free(struct comparison *comparison);

#endif

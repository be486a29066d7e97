/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each node of a call tree lies in a flame graph. */
#ifndef MEMTRACE_REPORT_FLAME_LAYOUT_H
#define MEMTRACE_REPORT_FLAME_LAYOUT_H

#include "report/call_tree.h"
#include "report/view.h"

struct flame_box {
	uint32_t node;
	uint32_t depth;  /* 0: a root of the tree */
	uint64_t value;  /* of all stacks that go through it */
	uint64_t blocks; /* live, of these */
	double x, width; /* parts of the whole, 0 to 1 */
};

struct flame_layout {
	struct flame_box *boxes; /* those that have a value; parents come first, siblings by value; owned */
	size_t n_boxes;
	uint64_t value, blocks; /* of all */
};

/* 0 or -ENOMEM; flame_layout_clear() either way. */
int flame_layout_make(struct flame_layout *layout, const struct call_tree *tree, const struct snapshot *snapshot,
                      enum view view);
void flame_layout_clear(struct flame_layout *layout);

#endif

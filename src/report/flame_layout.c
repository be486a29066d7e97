// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/flame_layout.h"

#include <errno.h>
#include <stdlib.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Each node's own values from its stacks, then all that is above it: parents have lower numbers. */
static void sum_up(struct flame_layout *layout, const struct call_tree *tree, const struct snapshot *snapshot,
                   enum view view)
{
	struct flame_box *boxes = layout->boxes;

	for (size_t i = 0; i < tree->n_stacks; i++) {
		struct flame_box *leaf = &boxes[tree->leaves[i]];
		uint64_t added = view_bytes(snapshot, &snapshot->stacks[i], view);

		leaf->value = add_capped(leaf->value, added);
		leaf->blocks = add_capped(leaf->blocks, snapshot->stacks[i].usage.live_blocks);
		layout->value = add_capped(layout->value, added);
		layout->blocks = add_capped(layout->blocks, snapshot->stacks[i].usage.live_blocks);
	}
	for (size_t i = intern_count(tree->nodes); i-- > 0;) {
		uint32_t parent = call_tree_node(tree, i).parent;

		boxes[i].node = (uint32_t)i;
		if (parent == CALL_TREE_NONE)
			continue;
		boxes[parent].value = add_capped(boxes[parent].value, boxes[i].value);
		boxes[parent].blocks = add_capped(boxes[parent].blocks, boxes[i].blocks);
	}
}

/* Roots first, then the children of node 0, of node 1, …; nodes without a value at the end. */
static int compare_boxes(const void *left, const void *right, void *context)
{
	const struct flame_box *a = left, *b = right;
	const struct call_tree *tree = context;
	uint32_t parent_a = call_tree_node(tree, a->node).parent + 1;
	uint32_t parent_b = call_tree_node(tree, b->node).parent + 1;
	int order = COMPARE(a->value == 0, b->value == 0);

	if (!order)
		order = COMPARE(parent_a, parent_b);
	if (!order)
		order = COMPARE(b->value, a->value);
	return order ? order : COMPARE(a->node, b->node);
}

/* A parent has a lower number than its children, so it comes first in the order. */
static int place(struct flame_layout *layout, const struct call_tree *tree)
{
	size_t *position = calloc(intern_count(tree->nodes) + 1, sizeof(*position));
	uint32_t parent = CALL_TREE_NONE;
	double x = 0;

	if (!position)
		return -ENOMEM;
	for (size_t i = 0; i < layout->n_boxes; i++) {
		struct flame_box *box = &layout->boxes[i];
		uint32_t own = call_tree_node(tree, box->node).parent;
		const struct flame_box *below = own == CALL_TREE_NONE ? NULL : &layout->boxes[position[own]];

		if (below && own != parent)
			x = below->x;
		parent = own;
		box->x = x;
		box->width = (double)box->value / (double)layout->value;
		box->depth = below ? below->depth + 1 : 0;
		x += box->width;
		position[box->node] = i;
	}
	free(position);
	return 0;
}

int flame_layout_make(struct flame_layout *layout, const struct call_tree *tree, const struct snapshot *snapshot,
                      enum view view)
{
	size_t n = intern_count(tree->nodes);

	layout->boxes = calloc(n + 1, sizeof(*layout->boxes));
	if (!layout->boxes)
		return -ENOMEM;
	sum_up(layout, tree, snapshot, view);
	qsort_r(layout->boxes, n, sizeof(*layout->boxes), compare_boxes, (void *)tree);
	while (n && !layout->boxes[n - 1].value)
		n--;
	layout->n_boxes = n;
	return place(layout, tree);
}

void flame_layout_clear(struct flame_layout *layout)
{
	free(layout->boxes);
	*layout = (struct flame_layout){0};
}

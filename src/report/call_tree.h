/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shown stacks as one tree: outermost frames are the roots, and what stacks have in common is there
 * once. Flame graphs are drawn from it. With more than one process each has a root of its own; of kernel
 * memory each slab cache.
 */
#ifndef MEMTRACE_REPORT_CALL_TREE_H
#define MEMTRACE_REPORT_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "util/intern.h"

#define CALL_TREE_NONE UINT32_MAX

enum tree_detail {
	TREE_FUNCTIONS, /* frames of one function are one */
	TREE_LINES,     /* only where file, line and offset agree, too */
};

enum tree_frame_kind {
	TREE_FRAME_CALL,
	TREE_FRAME_INLINED, /* its address and offset are those of its host, and not kept */
	TREE_FRAME_PROCESS, /* function: "app (1001)" */
	TREE_FRAME_CACHE,   /* function: name of the slab cache */
};

/* A key of `frames`: without padding. Strings are numbers in `strings`, CALL_TREE_NONE where not known. */
struct tree_frame {
	uint32_t kind; /* enum tree_frame_kind */
	uint32_t function, module, file, line;
	uint32_t has_offset;
	uint64_t offset;
	uint64_t address; /* only where the function is not known */
};

struct tree_node {
	uint32_t parent; /* CALL_TREE_NONE: a root; else less than the node's own number */
	uint32_t frame;
};

struct call_tree {
	struct intern *strings; /* as the target has them: not escaped */
	struct intern *frames;
	struct intern *nodes;
	uint32_t *leaves; /* of each shown stack its innermost node */
	size_t n_stacks;
};

/* 0 or -ENOMEM; call_tree_clear() either way. */
int call_tree_build(struct call_tree *tree, const struct snapshot *snapshot, enum tree_detail detail);
void call_tree_clear(struct call_tree *tree);

struct tree_node call_tree_node(const struct call_tree *tree, size_t node);
struct tree_frame call_tree_frame(const struct call_tree *tree, size_t frame);
/* NULL for CALL_TREE_NONE */
const char *call_tree_string(const struct call_tree *tree, uint32_t string);

#endif

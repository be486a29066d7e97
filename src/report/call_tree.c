// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/call_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/frame.h"

static int add_string(struct call_tree *tree, const char *text, uint32_t *number)
{
	int64_t at;
	bool added;

	*number = CALL_TREE_NONE;
	if (!text)
		return 0;
	at = intern_add(tree->strings, text, strlen(text) + 1, &added);
	if (at < 0)
		return (int)at;
	*number = (uint32_t)at;
	return 0;
}

static int fill_frame(struct call_tree *tree, const struct frame *frame, enum tree_detail detail,
                      struct tree_frame *filled)
{
	int error = add_string(tree, frame->function, &filled->function);

	filled->kind = frame->inlined ? TREE_FRAME_INLINED : TREE_FRAME_CALL;
	filled->file = CALL_TREE_NONE;
	/* What stands for frames that are not there lies in no module. */
	if (!error)
		error = add_string(tree, frame->address ? frame->module : NULL, &filled->module);
	if (!frame->function)
		filled->address = frame->address;
	if (error || detail == TREE_FUNCTIONS)
		return error;
	filled->line = frame->line;
	filled->has_offset = frame->has_offset && !frame->inlined;
	filled->offset = filled->has_offset ? frame->offset : 0;
	return add_string(tree, frame->file, &filled->file);
}

/* Goes from *node (CALL_TREE_NONE: from above the roots) down to its child with that frame. */
static int descend(struct call_tree *tree, const struct tree_frame *frame, uint32_t *node)
{
	bool added;
	int64_t number = intern_add(tree->frames, frame, sizeof(*frame), &added);

	if (number >= 0) {
		struct tree_node key = {.parent = *node, .frame = (uint32_t)number};

		number = intern_add(tree->nodes, &key, sizeof(key), &added);
	}
	if (number < 0)
		return (int)number;
	*node = (uint32_t)number;
	return 0;
}

static int descend_to_name(struct call_tree *tree, enum tree_frame_kind kind, const char *name, uint32_t *node)
{
	struct tree_frame frame = {.kind = kind, .module = CALL_TREE_NONE, .file = CALL_TREE_NONE};
	int error = add_string(tree, name, &frame.function);

	return error ? error : descend(tree, &frame, node);
}

/* As owner_name_add() has it, but not escaped: who writes it does that. */
static int descend_to_process(struct call_tree *tree, const struct process *process, uint32_t *node)
{
	char name[sizeof(process->comm) + 32];

	if (process->cgroup && process->cgroup_path)
		return descend_to_name(tree, TREE_FRAME_PROCESS, process->cgroup_path, node);
	if (process->cgroup)
		snprintf(name, sizeof(name), "cgroup %" PRIu32, process->cgroup);
	else if (process->pid)
		snprintf(name, sizeof(name), "%s (%d)", process->comm[0] ? process->comm : "process", process->pid);
	else
		snprintf(name, sizeof(name), "%s", process->comm[0] ? process->comm : "kernel");
	return descend_to_name(tree, TREE_FRAME_PROCESS, name, node);
}

static int descend_to_owner(struct call_tree *tree, const struct snapshot *snapshot, const struct stack *stack,
                            uint32_t *node)
{
	const struct kernel_memory *kernel = snapshot->kernel;
	size_t cache;
	int error = 0;

	if (snapshot->n_processes > 1)
		error = descend_to_process(tree, &snapshot->processes[stack->process], node);
	if (error || !kernel || stack->class_index >= kernel->n_classes)
		return error;
	cache = kernel->classes[stack->class_index].cache;
	return cache < kernel->n_caches ? descend_to_name(tree, TREE_FRAME_CACHE, kernel->caches[cache].name, node) : 0;
}

static int add_stack(struct call_tree *tree, const struct snapshot *snapshot, const struct stack *stack,
                     enum tree_detail detail, uint32_t *leaf)
{
	size_t n = tree_frame_count(stack);
	struct printed_frame printed;
	int error;

	*leaf = CALL_TREE_NONE;
	error = descend_to_owner(tree, snapshot, stack, leaf);
	while (n-- > 0 && !error) {
		struct tree_frame frame = {0};

		tree_frame_get(&printed, &snapshot->processes[stack->process], stack, n);
		error = fill_frame(tree, &printed.frame, detail, &frame);
		if (!error)
			error = descend(tree, &frame, leaf);
	}
	return error;
}

int call_tree_build(struct call_tree *tree, const struct snapshot *snapshot, enum tree_detail detail)
{
	int error = 0;

	tree->n_stacks = snapshot->n_stacks_shown;
	tree->strings = intern_new();
	tree->frames = intern_new();
	tree->nodes = intern_new();
	tree->leaves = calloc(tree->n_stacks + 1, sizeof(*tree->leaves));
	if (!tree->strings || !tree->frames || !tree->nodes || !tree->leaves)
		return -ENOMEM;
	for (size_t i = 0; i < tree->n_stacks && !error; i++)
		error = add_stack(tree, snapshot, &snapshot->stacks[i], detail, &tree->leaves[i]);
	return error;
}

void call_tree_clear(struct call_tree *tree)
{
	intern_free(tree->strings);
	intern_free(tree->frames);
	intern_free(tree->nodes);
	free(tree->leaves);
	*tree = (struct call_tree){0};
}

struct tree_node call_tree_node(const struct call_tree *tree, size_t node)
{
	struct tree_node found;
	size_t size;

	memcpy(&found, intern_key(tree->nodes, node, &size), sizeof(found));
	return found;
}

struct tree_frame call_tree_frame(const struct call_tree *tree, size_t frame)
{
	struct tree_frame found;
	size_t size;

	memcpy(&found, intern_key(tree->frames, frame, &size), sizeof(found));
	return found;
}

const char *call_tree_string(const struct call_tree *tree, uint32_t string)
{
	size_t size;

	return string == CALL_TREE_NONE ? NULL : intern_key(tree->strings, string, &size);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The output file of valgrind's massif, as ms_print reads it: a detailed snapshot for each report;
 * of a recording its other moments, too, without details. Only what is live has a place in it. Nobody shows
 * comments, so the integrity line stands at the tree's root.
 *
 * The tree goes from the allocating function outwards. It is never built: stacks are sorted by their frames, so that a
 * node is a run of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/frame.h"
#include "report/integrity.h"
#include "report/owner.h"
#include "report/renderer.h"
#include "report/stream.h"
#include "util/escape.h"
#include "util/intern.h"

/* ms_print takes what is behind it for a comment. */
#define COMMENT "#"
#define NS_PER_MS 1000000
/* Lines from the root. No stack that was traced has so many; one of a forged recording may. */
#define DEPTH_MAX 4096

/* A stack's way through the tree: numbers of lines, from the root. */
struct path {
	const uint32_t *lines;
	size_t n_lines;
	uint64_t live_bytes;
};

struct tree {
	const struct snapshot *snapshot;
	struct intern *lines; /* what stands behind the bytes of a node */
	struct buffer line;
	uint32_t *numbers; /* that the paths point to */
	struct path *paths;
	size_t n_paths;
};

/* A run of paths that have their first `depth` lines in common. */
struct node {
	size_t begin, end, depth;
	uint64_t live_bytes;
};

static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* "0x401136: child (app.c:31)", "0x7ffff7c891f5: start_thread (in libc.so.6)" */
static void add_frame(struct buffer *line, const struct frame *frame)
{
	buffer_printf(line, "0x%" PRIX64 ": ", frame->address);
	if (frame->function && frame->function[0])
		escape_add(line, frame->function, COMMENT);
	else
		buffer_text(line, "???");
	/* What is no frame has no place. */
	if (!frame->address)
		return;
	buffer_text(line, frame->file ? " (" : " (in ");
	escape_add(line, frame->file ? frame->file : frame->module, COMMENT);
	if (frame->file && frame->line)
		buffer_printf(line, ":%u", frame->line);
	buffer_text(line, ")");
}

/* Adds the line to a path. */
static int add_number(struct tree *tree, size_t *n)
{
	bool added;
	int64_t number =
	    tree->line.failed ? -ENOMEM : intern_add(tree->lines, tree->line.bytes, tree->line.size, &added);

	if (number < 0)
		return -ENOMEM;
	tree->numbers[(*n)++] = (uint32_t)number;
	buffer_clear(&tree->line);
	return 0;
}

static int add_path(struct tree *tree, const struct stack *stack, size_t *n)
{
	const struct process *process = &tree->snapshot->processes[stack->process];
	struct path *path = &tree->paths[tree->n_paths];
	size_t begin = *n;
	int error = 0;

	/* The form knows one process alone: with several, each is a branch at the root. */
	if (tree->snapshot->n_processes > 1) {
		buffer_text(&tree->line, "0x0: ");
		owner_name_add(&tree->line, tree->snapshot, process, COMMENT);
		error = add_number(tree, n);
	}
	for (size_t i = 0; i < tree_frame_count(stack) && i <= DEPTH_MAX && !error; i++) {
		struct printed_frame printed;

		tree_frame_get(&printed, process, stack, i);
		if (i < DEPTH_MAX)
			add_frame(&tree->line, &printed.frame);
		else
			buffer_text(&tree->line, "0x0: [more frames]");
		error = add_number(tree, n);
	}
	*path =
	    (struct path){.lines = tree->numbers + begin, .n_lines = *n - begin, .live_bytes = stack->usage.live_bytes};
	tree->n_paths++;
	return error;
}

static int compare_paths(const void *left, const void *right)
{
	const struct path *a = left, *b = right;

	for (size_t i = 0; i < a->n_lines && i < b->n_lines; i++) {
		if (a->lines[i] != b->lines[i])
			return a->lines[i] < b->lines[i] ? -1 : 1;
	}
	return (a->n_lines > b->n_lines) - (a->n_lines < b->n_lines);
}

static int tree_init(struct tree *tree, const struct snapshot *snapshot)
{
	size_t n_numbers = 1, n = 0;
	int error = 0;

	for (size_t i = 0; i < snapshot->n_stacks_shown; i++)
		n_numbers += tree_frame_count(&snapshot->stacks[i]) + 1;
	*tree = (struct tree){.snapshot = snapshot, .lines = intern_new()};
	tree->numbers = calloc(n_numbers, sizeof(*tree->numbers));
	tree->paths = calloc(snapshot->n_stacks_shown + 1, sizeof(*tree->paths));
	if (!tree->lines || !tree->numbers || !tree->paths)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks_shown && !error; i++) {
		if (snapshot->stacks[i].usage.live_bytes)
			error = add_path(tree, &snapshot->stacks[i], &n);
	}
	if (!error)
		qsort(tree->paths, tree->n_paths, sizeof(*tree->paths), compare_paths);
	return error;
}

static void tree_free(struct tree *tree)
{
	intern_free(tree->lines);
	buffer_free(&tree->line);
	free(tree->numbers);
	free(tree->paths);
}

/* The child that begins at a path which goes on behind the parent. */
static struct node child_at(const struct tree *tree, const struct node *parent, size_t begin)
{
	uint32_t line = tree->paths[begin].lines[parent->depth];
	struct node child = {.begin = begin, .end = begin, .depth = parent->depth + 1};

	for (; child.end < parent->end && tree->paths[child.end].lines[parent->depth] == line; child.end++)
		child.live_bytes = add_up(child.live_bytes, tree->paths[child.end].live_bytes);
	return child;
}

/* The first path that goes on; those that end at the parent come before all others. */
static size_t first_child(const struct tree *tree, const struct node *parent)
{
	size_t begin = parent->begin;

	while (begin < parent->end && tree->paths[begin].n_lines == parent->depth)
		begin++;
	return begin;
}

static int compare_nodes(const void *left, const void *right)
{
	const struct node *a = left, *b = right;

	if (a->live_bytes != b->live_bytes)
		return a->live_bytes > b->live_bytes ? -1 : 1;
	return (a->begin > b->begin) - (a->begin < b->begin);
}

/* The largest first; the caller frees the list. NULL: out of memory. */
static struct node *children_of(const struct tree *tree, const struct node *parent, size_t *n)
{
	struct node *children;

	*n = 0;
	for (size_t i = first_child(tree, parent); i < parent->end; i = child_at(tree, parent, i).end)
		++*n;
	children = calloc(*n + 1, sizeof(*children));
	if (!children)
		return NULL;
	*n = 0;
	for (size_t i = first_child(tree, parent); i < parent->end; i = children[*n - 1].end)
		children[(*n)++] = child_at(tree, parent, i);
	qsort(children, *n, sizeof(*children), compare_nodes);
	return children;
}

static void write_line(FILE *out, const struct tree *tree, const struct node *node, size_t n_children)
{
	size_t size;
	const char *line = intern_key(tree->lines, tree->paths[node->begin].lines[node->depth - 1], &size);

	fprintf(out, "%*sn%zu: %" PRIu64 " ", (int)node->depth, "", n_children, node->live_bytes);
	fwrite(line, 1, size, out);
	fputc('\n', out);
}

/* No deeper than DEPTH_MAX. */
static int write_node(FILE *out, const struct tree *tree, const struct node *node)
{
	size_t n;
	struct node *children = children_of(tree, node, &n);
	int error = children ? 0 : -ENOMEM;

	if (!error)
		write_line(out, tree, node, n);
	for (size_t i = 0; i < n && !error; i++)
		error = write_node(out, tree, &children[i]);
	free(children);
	return error;
}

/* What --top has left out is live, too. */
static void write_rest(FILE *out, const struct snapshot *snapshot, uint64_t rest_bytes)
{
	size_t n = snapshot->n_stacks - snapshot->n_stacks_shown;

	fprintf(out, " n0: %" PRIu64 " in %zu places, not among the stacks that are shown\n", rest_bytes, n ? n : 1);
}

static int write_tree(FILE *out, const struct tree *tree, uint64_t live_bytes, const struct render_options *options)
{
	struct node root = {.end = tree->n_paths};
	uint64_t shown_bytes = 0, rest_bytes;
	size_t n;
	struct node *children = children_of(tree, &root, &n);
	int error = children ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !error; i++)
		shown_bytes = add_up(shown_bytes, children[i].live_bytes);
	rest_bytes = live_bytes > shown_bytes ? live_bytes - shown_bytes : 0;
	fprintf(out, "n%zu: %" PRIu64 " (live bytes) ", n + !!rest_bytes, live_bytes);
	integrity_write(out, tree->snapshot, options);
	fputc('\n', out);
	for (size_t i = 0; i < n && !error; i++)
		error = write_node(out, tree, &children[i]);
	if (rest_bytes)
		write_rest(out, tree->snapshot, rest_bytes);
	free(children);
	return error;
}

/* Readers give up on a node that has more than the whole. */
static uint64_t whole_of(const struct tree *tree)
{
	uint64_t sum = 0, all = tree->snapshot->totals.live_bytes;

	for (size_t i = 0; i < tree->n_paths; i++)
		sum = add_up(sum, tree->paths[i].live_bytes);
	return sum > all ? sum : all;
}

static void write_snapshot(FILE *out, uint64_t number, uint64_t time_ms, uint64_t live_bytes, const char *heap_tree)
{
	fprintf(out,
	        "#-----------\nsnapshot=%" PRIu64 "\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64
	        "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n",
	        number, time_ms, live_bytes, heap_tree);
}

static int write_detailed(FILE *out, const struct tree *tree, uint64_t number, const struct render_options *options)
{
	const struct snapshot *snapshot = tree->snapshot;
	uint64_t live_bytes = whole_of(tree);

	write_snapshot(out, number, snapshot->elapsed_ns / NS_PER_MS, live_bytes, "detailed");
	return write_tree(out, tree, live_bytes, options);
}

/* Of a recording each moment, of which one has details. */
static int write_history(FILE *out, const struct tree *tree, const struct render_options *options)
{
	const struct snapshot *snapshot = tree->snapshot;
	const struct history *history = snapshot->history;
	int error = 0;

	for (size_t i = 0; i < history->n_moments && !error; i++) {
		const struct moment *moment = &history->moments[i];
		uint64_t since_ns =
		    moment->time_unix_ns > snapshot->since_unix_ns ? moment->time_unix_ns - snapshot->since_unix_ns : 0;

		if (i == history->shown)
			error = write_detailed(out, tree, i, options);
		else
			write_snapshot(out, i, since_ns / NS_PER_MS, moment->live_bytes, "empty");
	}
	return error;
}

static void write_head(FILE *out, const struct snapshot *snapshot)
{
	fprintf(out, "desc: memtrace %s\ncmd:", snapshot->command);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		if (process->is_child)
			continue;
		fputc(' ', out);
		escape_write_also(out, process->exe ? process->exe : process->comm, COMMENT);
	}
	fputs("\ntime_unit: ms\n", out);
}

static int massif_report(FILE *out, const struct snapshot *snapshot, const struct render_options *options)
{
	struct tree tree;
	int error = tree_init(&tree, snapshot), unwritten;

	if (!error) {
		/* Reports that follow one another are one file. */
		if (!options->reports_before)
			write_head(out, snapshot);
		if (snapshot->history)
			error = write_history(out, &tree, options);
		else
			error = write_detailed(out, &tree, options->reports_before, options);
	}
	tree_free(&tree);
	unwritten = stream_finish(out);
	return error ? error : unwritten;
}

const struct renderer massif_renderer = {
    .name = "massif",
    .whole = true,
    .report = massif_report,
};

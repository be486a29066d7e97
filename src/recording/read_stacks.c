// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording_state.h"
#include "util/grow.h"

/* Beyond what the command line allows, with inlined calls. */
#define ADDRESSES_MAX 4096
#define FRAMES_MAX 65536

/* The index of the column's text among names, which are as many as n; n: it is none of them. */
static size_t word_of(sqlite3_stmt *read, int column, const char *(*name)(size_t i), size_t n)
{
	const char *text = (const char *)sqlite3_column_text(read, column);
	size_t i = 0;

	while (i < n && (!text || strcmp(text, name(i)) != 0))
		i++;
	return i;
}

static const char *kind_name(size_t i)
{
	return block_kind_name((enum block_kind)i);
}

static const char *end_name(size_t i)
{
	return stack_end_name((enum stack_end)i);
}

static const char *verdict_word(size_t i)
{
	return verdict_name((enum verdict_kind)i);
}

static int by_process_number(const void *key, const void *element)
{
	const uint64_t *number = key;
	const struct process *process = element;

	return (*number > process->number) - (*number < process->number);
}

static int read_process(struct recording *recording, sqlite3_stmt *read, const struct snapshot *snapshot,
                        struct stack *stack)
{
	uint64_t number = (uint64_t)sqlite3_column_int64(read, 12);
	const struct process *process = snapshot->n_processes
	                                    ? bsearch(&number, snapshot->processes, snapshot->n_processes,
	                                              sizeof(*snapshot->processes), by_process_number)
	                                    : NULL;

	if (!process)
		return recording_damaged(recording, "a stack is of no process");
	stack->process = (size_t)(process - snapshot->processes);
	return 0;
}

static int read_nodes(struct recording *recording, int64_t snapshot, struct stack *stack)
{
	sqlite3_stmt *read = recording->statements[READ_STACK_NODES];
	int row = database_bind(&recording->database, read, "ii", snapshot, (int64_t)stack->number);

	while (!row && (row = database_step(&recording->database, read)) > 0) {
		size_t i = 0;

		while (i < stack->placement.n_nodes && stack->placement.nodes[i].node != sqlite3_column_int64(read, 0))
			i++;
		if (i == stack->placement.n_nodes)
			row = recording_damaged(recording, "there is no such node");
		else
			row = recording_counts(recording, read, 1,
			                       (uint64_t *const[]){&stack->placement.nodes[i].live_bytes,
			                                           &stack->placement.nodes[i].live_blocks,
			                                           &stack->placement.nodes[i].cpu_live_bytes, NULL});
	}
	sqlite3_reset(read);
	return row;
}

static int read_usage(struct recording *recording, sqlite3_stmt *read, struct usage *usage)
{
	return recording_counts(recording, read, 2,
	                        (uint64_t *const[]){&usage->live_bytes, &usage->live_blocks, &usage->alloc_bytes,
	                                            &usage->alloc_count, &usage->free_bytes, &usage->free_count, NULL});
}

static int read_placement(struct recording *recording, sqlite3_stmt *read, const struct snapshot *snapshot,
                          struct stack *stack)
{
	struct placement *placement = &stack->placement;
	int error;

	if (snapshot->n_stacks >= PLACEMENTS_MAX / snapshot->placement.n_nodes)
		return recording_damaged(recording, "it has too many stacks for its nodes");
	if (placement_init(placement, snapshot->placement.nodes, snapshot->placement.n_nodes))
		return recording_out_of_memory(recording);
	error = recording_counts(recording, read, 8,
	                         (uint64_t *const[]){&placement->not_resident_bytes, &placement->unplaced_bytes,
	                                             &placement->remote_bytes, NULL});
	return error ? error : read_nodes(recording, sqlite3_column_int64(read, 1), stack);
}

/* A row of READ_STACKS. What has gone from the snapshot has no counts, and is left out. */
static int read_stack(struct recording *recording, sqlite3_stmt *read, struct snapshot *snapshot)
{
	size_t kind = word_of(read, 13, kind_name, KIND_COUNT), end = word_of(read, 14, end_name, END_COUNT);
	uint64_t born_ns = (uint64_t)sqlite3_column_int64(read, 11);
	struct stack stack = {
	    .number = (uint64_t)sqlite3_column_int64(read, 0),
	    .kind = (enum block_kind)kind,
	    .end = (enum stack_end)end,
	    .guessed = sqlite3_column_int(read, 15) != 0,
	    .code_version = (uint32_t)sqlite3_column_int64(read, 16),
	};
	int error;

	if (kind >= KIND_OF_KERNEL || end == END_COUNT)
		return recording_damaged(recording, "a stack is of no known kind");
	error = read_usage(recording, read, &stack.usage);
	if (!error)
		error = read_process(recording, read, snapshot, &stack);
	if (error || !stack.usage.alloc_count)
		return error;
	if (sqlite3_column_type(read, 11) != SQLITE_NULL && born_ns < snapshot->elapsed_ns)
		stack.oldest_ns = snapshot->elapsed_ns - born_ns;
	if (grow_list((void **)&snapshot->stacks, snapshot->n_stacks, sizeof(*snapshot->stacks)))
		return recording_out_of_memory(recording);
	if (snapshot->placed)
		error = read_placement(recording, read, snapshot, &stack);
	snapshot->stacks[snapshot->n_stacks++] = stack;
	return error;
}

static int read_addresses(struct recording *recording, struct stack *stack)
{
	sqlite3_stmt *read = recording->statements[READ_ADDRESSES];
	int row = database_bind(&recording->database, read, "i", (int64_t)stack->number);

	while (!row && (row = database_step(&recording->database, read)) > 0) {
		row = 0;
		if (stack->n_addresses == ADDRESSES_MAX)
			row = recording_damaged(recording, "a stack has too many addresses");
		else if (grow_list((void **)&stack->addresses, stack->n_addresses, sizeof(*stack->addresses)))
			row = recording_out_of_memory(recording);
		else
			stack->addresses[stack->n_addresses++] = (uint64_t)sqlite3_column_int64(read, 0);
	}
	sqlite3_reset(read);
	return row;
}

static int by_number(const void *key, const void *element)
{
	const uint64_t *number = key;
	const struct stack *stack = element;

	return (*number > stack->number) - (*number < stack->number);
}

static int read_verdict(struct recording *recording, sqlite3_stmt *read, struct snapshot *snapshot)
{
	size_t kind = word_of(read, 2, verdict_word, VERDICT_COUNT);
	uint64_t number = (uint64_t)sqlite3_column_int64(read, 0);
	struct stack *stack = snapshot->n_stacks ? bsearch(&number, snapshot->stacks, snapshot->n_stacks,
	                                                   sizeof(*snapshot->stacks), by_number)
	                                         : NULL;
	struct verdict *verdict;

	if (kind == VERDICT_COUNT)
		return recording_damaged(recording, "a verdict is none");
	if (!stack || kind == VERDICT_NONE)
		return 0;
	verdict = &stack->verdict;
	verdict->kind = (enum verdict_kind)kind;
	verdict->bytes_per_s = sqlite3_column_double(read, 10);
	verdict->low_bytes_per_s = sqlite3_column_double(read, 11);
	verdict->high_bytes_per_s = sqlite3_column_double(read, 12);
	return recording_counts(recording, read, 3,
	                        (uint64_t *const[]){&verdict->points, &verdict->window_ns, &verdict->low_bytes,
	                                            &verdict->high_bytes, &verdict->lifetime_ns,
	                                            &verdict->projected_bytes, &verdict->projected_ns, NULL});
}

/* Calls for each row of what is stored of a moment. 0 or -errno. */
static int each_row(struct recording *recording, enum read statement, const struct place *place,
                    struct snapshot *snapshot,
                    int (*take)(struct recording *recording, sqlite3_stmt *read, struct snapshot *snapshot))
{
	sqlite3_stmt *read = recording->statements[statement];
	int row = database_bind(&recording->database, read, "ii", place->whole, place->snapshot);

	while (!row && (row = database_step(&recording->database, read)) > 0)
		row = take(recording, read, snapshot);
	sqlite3_reset(read);
	return row;
}

int recording_read_stacks(struct recording *recording, const struct place *place, struct snapshot *snapshot)
{
	int error = each_row(recording, READ_STACKS, place, snapshot, read_stack);

	for (size_t i = 0; i < snapshot->n_stacks && !error; i++)
		error = read_addresses(recording, &snapshot->stacks[i]);
	return error ? error : each_row(recording, READ_VERDICTS, place, snapshot, read_verdict);
}

static int read_frame(struct recording *recording, sqlite3_stmt *read, struct stack *stack)
{
	struct frame frame = {
	    .address = (uint64_t)sqlite3_column_int64(read, 0),
	    .has_offset = sqlite3_column_type(read, 4) != SQLITE_NULL,
	    .offset = (uint64_t)sqlite3_column_int64(read, 4),
	    .line = (unsigned int)sqlite3_column_int64(read, 6),
	    .inlined = sqlite3_column_int(read, 7) != 0,
	};
	int error = recording_text(recording, read, 1, &frame.module);

	if (!error)
		error = recording_build_id(recording, read, 2, &frame.build_id);
	if (!error)
		error = recording_text(recording, read, 3, &frame.function);
	if (!error)
		error = recording_text(recording, read, 5, &frame.file);
	if (error)
		return error;
	if (stack->n_frames == FRAMES_MAX)
		return recording_damaged(recording, "a stack has too many frames");
	if (!frame.module)
		frame.module = "[unknown]";
	if (grow_list((void **)&stack->frames, stack->n_frames, sizeof(*stack->frames)))
		return recording_out_of_memory(recording);
	stack->frames[stack->n_frames++] = frame;
	return 0;
}

int recording_name(struct recording *recording, struct stack *stack)
{
	sqlite3_stmt *read = recording->statements[READ_FRAMES];
	int row = database_bind(&recording->database, read, "i", (int64_t)stack->number);

	free(stack->frames);
	stack->frames = NULL;
	stack->n_frames = 0;
	while (!row && (row = database_step(&recording->database, read)) > 0)
		row = read_frame(recording, read, stack);
	sqlite3_reset(read);
	return row;
}

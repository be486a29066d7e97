// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, put in at the end: of each stack the frames that a report shows, of each place in code one row. */
#include <errno.h>
#include <stdlib.h>

#include "recording/writer_state.h"

#define PROGRESS_EVERY 64

/* Finds the place's row or makes it. 0 or -errno. */
static int put_location(struct writer *writer, const struct frame *frame, int64_t *number)
{
	sqlite3_stmt *find = writer->statements[FIND_LOCATION];
	char letters[] = "tttitii";
	int error;

	if (!frame->has_offset)
		letters[3] = '-';
	if (!frame->line)
		letters[5] = '-';
	error = database_bind(&writer->database, find, letters, frame->module, frame->build_id, frame->function,
	                      (int64_t)frame->offset, frame->file, (int64_t)frame->line, (int64_t)frame->inlined);
	if (!error)
		error = database_step(&writer->database, find);
	if (error > 0)
		*number = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (error)
		return error < 0 ? error : 0;
	error = database_run(&writer->database, writer->statements[WRITE_LOCATION], letters, frame->module,
	                     frame->build_id, frame->function, (int64_t)frame->offset, frame->file,
	                     (int64_t)frame->line, (int64_t)frame->inlined);
	*number = sqlite3_last_insert_rowid(writer->database.handle);
	return error;
}

static int put_frames(struct writer *writer, int64_t number, const struct stack *stack)
{
	int error = 0;

	for (size_t i = 0; i < stack->n_frames && !error; i++) {
		int64_t location = 0;

		error = put_location(writer, &stack->frames[i], &location);
		if (!error)
			error = database_run(&writer->database, writer->statements[WRITE_FRAME], "iiii", number,
			                     (int64_t)i, (int64_t)stack->frames[i].address, location);
	}
	return error;
}

static const struct process *find_process(const struct writer *writer, uint64_t number)
{
	const struct snapshot *last = writer->before;

	for (size_t i = 0; i < last->n_processes; i++) {
		if (last->processes[i].number == number)
			return &last->processes[i];
	}
	return NULL;
}

static int name_stack(struct writer *writer, int64_t number, struct stack *stack, const struct process *process,
                      writer_namer *name, void *context)
{
	int error = stack->n_addresses ? name(context, process, stack) : 0;

	return error ? database_say(&writer->database, error, "cannot name its stacks: out of memory")
	             : put_frames(writer, number, stack);
}

static int name_last(struct writer *writer, writer_namer *name,
                     void (*progress)(void *context, size_t done, size_t all), void *context)
{
	struct snapshot *last = writer->before;
	int error = 0;

	for (size_t i = 0; i < last->n_stacks && !error; i++) {
		struct stack *stack = &last->stacks[i];

		error = name_stack(writer, writer->stacks[i], stack, &last->processes[stack->process], name, context);
		free(stack->frames);
		stack->frames = NULL;
		stack->n_frames = 0;
		if (progress && !(i % PROGRESS_EVERY))
			progress(context, i, last->n_stacks);
	}
	return error;
}

/* The addresses of a stack of the file; at most as many as a stack can have. 0 or -errno. */
static int read_addresses(struct writer *writer, int64_t number, struct stack *stack)
{
	sqlite3_stmt *find = writer->statements[FIND_ADDRESSES];
	int row = database_bind(&writer->database, find, "i", number);

	while (!row && (row = database_step(&writer->database, find)) > 0) {
		uint64_t *grown = reallocarray(stack->addresses, stack->n_addresses + 1, sizeof(*grown));

		row = grown ? 0 : database_say(&writer->database, -ENOMEM, "out of memory");
		if (!grown)
			break;
		stack->addresses = grown;
		stack->addresses[stack->n_addresses++] = (uint64_t)sqlite3_column_int64(find, 0);
	}
	sqlite3_reset(find);
	return row;
}

/* Stacks that are in the last snapshot no more. */
static int name_gone(struct writer *writer, writer_namer *name, void *context)
{
	sqlite3_stmt *each = writer->statements[EACH_UNNAMED];
	int64_t number = 0;
	int error = 0;

	while (!error) {
		const struct process *process;
		struct stack stack = {0};

		error = database_bind(&writer->database, each, "i", number);
		if (!error)
			error = database_step(&writer->database, each);
		if (error <= 0)
			break;
		number = sqlite3_column_int64(each, 0);
		process = find_process(writer, (uint64_t)sqlite3_column_int64(each, 1));
		stack.code_version = (uint32_t)sqlite3_column_int64(each, 5);
		sqlite3_reset(each);
		error = process ? read_addresses(writer, number, &stack) : 0;
		if (!error && process)
			error = name_stack(writer, number, &stack, process, name, context);
		stack_clear(&stack);
	}
	sqlite3_reset(each);
	return error;
}

int writer_put_names(struct writer *writer, writer_namer *name,
                     void (*progress)(void *context, size_t done, size_t all), void *context)
{
	int error = name_last(writer, name, progress, context);

	return error ? error : name_gone(writer, name, context);
}

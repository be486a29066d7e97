// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names, put in at the end, or when a stack goes, since its code may go too: of each stack the frames that a report
 * shows, of each place in code one row.
 */
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

int writer_name_stack(struct writer *writer, size_t i)
{
	struct stack *stack = &writer->before->stacks[i];
	const struct process *process = &writer->before->processes[stack->process];
	int error;

	if (!writer->namer.name || !stack->n_addresses)
		return 0;
	error = writer->namer.name(writer->namer.context, process, stack);
	if (error)
		return database_say(&writer->database, error, "cannot name its stacks: out of memory");
	error = put_frames(writer, writer->stacks[i], stack);
	free(stack->frames);
	stack->frames = NULL;
	stack->n_frames = 0;
	return error;
}

int writer_put_names(struct writer *writer)
{
	const struct writer_namer *namer = &writer->namer;
	size_t n = writer->before->n_stacks;
	int error = 0;

	for (size_t i = 0; i < n && !error; i++) {
		error = writer_name_stack(writer, i);
		if (namer->progress && (i + 1 == n || !(i % PROGRESS_EVERY)))
			namer->progress(namer->context, i + 1, n);
	}
	return error;
}

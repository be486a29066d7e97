// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/aggregate.h"
#include "cli/debuginfod.h"
#include "cli/moment.h"

static int fail(struct recorded *recorded, const char *what, int error)
{
	snprintf(recorded->error, sizeof(recorded->error), "%s: %s", what, strerror(-error));
	return error;
}

/* Names that were left for later. */
static int open_names(struct recorded *recorded, const struct options *options)
{
	size_t n;
	struct module *modules = recording_modules(recorded->recording, &n);
	int error = module_files_open(modules, n, options->symbols_from, &recorded->files);

	if (error)
		return fail(recorded, options->symbols_from ? options->symbols_from : "cannot start", error);
	recorded->symbolizer = symbolizer_new();
	if (!recorded->symbolizer)
		return fail(recorded, "cannot start", -ENOMEM);
	return debuginfod_use(recorded->symbolizer, options, recorded->error, sizeof(recorded->error));
}

int recorded_open(struct recorded *recorded, const char *path, const struct options *options)
{
	int error;

	*recorded = (struct recorded){.recording = NULL};
	error = recording_open(path, &recorded->recording, recorded->error, sizeof(recorded->error));
	if (error)
		return error;
	return recording_has_names(recorded->recording) && !options->symbols_from ? 0 : open_names(recorded, options);
}

void recorded_close(struct recorded *recorded)
{
	symbolizer_free(recorded->symbolizer);
	module_files_close(recorded->files);
	recording_close(recorded->recording);
}

int recorded_moment(struct recorded *recorded, const struct options *options, size_t *moment)
{
	size_t n;
	const struct moment *moments = recording_moments(recorded->recording, &n);
	int error;

	*moment = options->peak ? moment_peak(moments, n) : n - 1;
	if (!options->at)
		return 0;
	error = moment_find(moments, n, options->at, moment);
	if (error == -ERANGE)
		snprintf(recorded->error, sizeof(recorded->error), "--at: '%s' is before the first snapshot",
		         options->at);
	else if (error)
		snprintf(recorded->error, sizeof(recorded->error),
		         "--at needs a time such as 2026-03-01T12:30:00, 12:30 or +90, not '%s'", options->at);
	return error;
}

int recorded_snapshot(struct recorded *recorded, size_t moment, struct snapshot **snapshot)
{
	int error = recording_snapshot(recorded->recording, moment, snapshot);

	if (!error)
		aggregate_sum(*snapshot);
	return error;
}

static size_t count_nameless(const struct stack *stack)
{
	size_t n = 0;

	for (size_t i = 0; i < stack->n_frames; i++)
		n += !stack->frames[i].function;
	return n;
}

/* Where files are missing, the names that the recording has are the better ones. */
static int fall_back(struct recorded *recorded, struct stack *stack)
{
	struct stack stored = {.number = stack->number};
	int error = recording_name(recorded->recording, &stored);

	if (!error && stored.n_frames && count_nameless(&stored) < count_nameless(stack)) {
		struct frame *worse = stack->frames;

		stack->frames = stored.frames;
		stack->n_frames = stored.n_frames;
		stored.frames = worse;
	}
	free(stored.frames);
	return error;
}

static int name_stack(struct recorded *recorded, const struct process *process, struct stack *stack)
{
	if (!recorded->symbolizer)
		return recording_name(recorded->recording, stack);
	if (symbolizer_stack(recorded->symbolizer, process, stack))
		return fail(recorded, "cannot name the stacks", -ENOMEM);
	return recording_has_names(recorded->recording) && count_nameless(stack) ? fall_back(recorded, stack) : 0;
}

int recorded_name(struct recorded *recorded, struct snapshot *snapshot)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->n_stacks_shown && !error; i++) {
		struct stack *stack = &snapshot->stacks[i];

		error = name_stack(recorded, &snapshot->processes[stack->process], stack);
	}
	return error;
}

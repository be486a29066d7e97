// SPDX-License-Identifier: GPL-2.0-or-later
/* A series of snapshots in a file, or in one file after the other. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/growth.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/recorder.h"
#include "cli/tracing.h"
#include "recording/writer.h"

/* A run of the command. */
struct record {
	struct tracing tracing;
	struct writer *writer;
	struct growth *growth; /* what the snapshots so far say of each stack */
	char path[4096];       /* of the file that is written */
	unsigned int part;     /* 0: FILE itself, N: FILE.N */
	uint64_t part_from_ns; /* when it was begun, since counting began */
	uint64_t snapshots;
};

static int name_stack(void *context, const struct process *process, struct stack *stack)
{
	struct record *record = context;

	return symbolizer_stack(record->tracing.symbolizer, process, stack);
}

static void tell_progress(void *context, size_t done, size_t all)
{
	struct record *record = context;

	if (record->tracing.options.verbosity >= 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "\rmemtrace: naming stacks: %zu of %zu\033[K%s", done, all,
		        done == all ? "\r\033[K" : "");
}

static int open_part(struct record *record)
{
	struct tracing *tracing = &record->tracing;
	const struct options *options = &tracing->options;
	const struct writer_namer namer = {options->no_symbols ? NULL : name_stack, tell_progress, record};

	if (record->part)
		snprintf(record->path, sizeof(record->path), "%s.%u", options->write, record->part);
	else
		snprintf(record->path, sizeof(record->path), "%s", options->write);
	record->part_from_ns = tracing->session ? session_elapsed_ns(tracing->session) : 0;
	return recorder_open(record->path, options, &namer, &record->writer, tracing->error, sizeof(tracing->error));
}

static int close_part(struct record *record)
{
	struct tracing *tracing = &record->tracing;
	int error = writer_finish(record->writer);

	writer_free(record->writer);
	record->writer = NULL;
	symbolizer_rest(tracing->symbolizer);
	return error;
}

static int rotate(struct record *record)
{
	const struct options *options = &record->tracing.options;
	uint64_t age_ns = session_elapsed_ns(record->tracing.session) - record->part_from_ns;
	int error;

	if ((!options->rotate_bytes || writer_bytes(record->writer) < options->rotate_bytes) &&
	    (!options->rotate_ns || age_ns < options->rotate_ns))
		return 0;
	error = close_part(record);
	record->part++;
	return error ? error : open_part(record);
}

static int take(struct record *record, bool at_exit)
{
	struct snapshot *snapshot;
	int error = tracing_snapshot(&record->tracing, record->growth, at_exit, &snapshot);

	if (error)
		return error;
	record->snapshots++;
	return writer_add(record->writer, snapshot);
}

/* Where --duration ends before the next snapshot is due, that is made then. */
static int look_ahead(struct record *record)
{
	struct tracing *tracing = &record->tracing;
	const struct options *options = &tracing->options;
	uint64_t elapsed_ns = session_elapsed_ns(tracing->session), left_ns;

	if (!options->duration_ns || options->duration_ns > elapsed_ns + options->interval_ns)
		return 0;
	left_ns = options->duration_ns > elapsed_ns ? options->duration_ns - elapsed_ns : 1;
	return tracing_set_timer(tracing, left_ns, 0);
}

static int snapshot_and_rotate(void *context, int events)
{
	struct record *record = context;
	const struct options *options = &record->tracing.options;
	struct session *session = record->tracing.session;
	bool over = options->duration_ns && session_elapsed_ns(session) >= options->duration_ns;
	int error;

	if (events != TRACING_TIMER)
		return take(record, session_running(session) == 0);
	error = take(record, false);
	if (!error && over)
		return TRACING_ENOUGH;
	if (!error)
		error = rotate(record);
	return error ? error : look_ahead(record);
}

static int run(struct record *record)
{
	struct tracing *tracing = &record->tracing;
	const struct options *options = &tracing->options;
	int error = tracing_set_timer(tracing, options->interval_ns, options->interval_ns);

	if (!error)
		error = look_ahead(record);
	return error ? error : tracing_series(tracing, 0, snapshot_and_rotate, record);
}

/* What was stored before a failure is a recording too. */
static int run_and_close(struct record *record)
{
	struct tracing *tracing = &record->tracing;
	char error[sizeof(tracing->error)], text[5000];
	int failed = run(record), unnamed;

	memcpy(error, tracing->error, sizeof(error));
	unnamed = record->writer ? close_part(record) : 0;
	if (failed)
		memcpy(tracing->error, error, sizeof(error));
	snprintf(text, sizeof(text), "recorded %" PRIu64 " snapshots in %s%s", record->snapshots,
	         tracing->options.write, record->part ? " and the files behind it" : "");
	if (!failed && !unnamed)
		message_tell(tracing->options.verbosity, 0, text);
	return failed ? failed : unnamed;
}

static int begin(struct record *record)
{
	record->growth = growth_new(record->tracing.options.max_memory_bytes / GROWTH_MEMORY_PART);
	return record->growth ? 0 : tracing_fail(&record->tracing, "cannot start", -ENOMEM);
}

int command_record(int argc, char **argv)
{
	struct record record = {.part = 0};
	struct tracing *tracing = &record.tracing;
	int status = 0;

	if (tracing_begin(tracing, "record", argc, argv, &status)) {
		/* The file is made before anything is attached; nothing stays of it where that fails. */
		int error = begin(&record);

		if (!error)
			error = open_part(&record);
		if (!error) {
			error = tracing_open(tracing);
			if (error) {
				writer_free(record.writer);
				record.writer = NULL;
				unlink(record.path);
			}
		}
		if (error || run_and_close(&record))
			status = message_fail(tracing->error);
		else
			status = tracing_command_status(tracing);
	}
	growth_free(record.growth);
	tracing_close(tracing);
	return status;
}

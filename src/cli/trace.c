// SPDX-License-Identifier: GPL-2.0-or-later
/* The default command: reports of what is still live, on processes or on a command. */
#include <errno.h>
#include <stdbool.h>

#include "analyze/growth.h"
#include "analyze/select.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/tracing.h"

/* A run of the command. */
struct trace {
	struct tracing tracing;
	struct snapshot *before; /* the last report's, to see growth against */
	struct growth *growth;   /* what the reports so far say of each stack */
};

/* From what the session knows to a report. */
static int report(void *context, int events)
{
	struct trace *trace = context;
	struct tracing *tracing = &trace->tracing;
	bool at_exit = events != TRACING_TIMER && session_running(tracing->session) == 0;
	const struct options *options = &tracing->options;
	struct snapshot *snapshot;
	int error = tracing_snapshot(tracing, trace->growth, at_exit, &snapshot);

	if (error)
		return error;
	error = select_stacks(snapshot, trace->before, (enum select_key)options->sort, options->top);
	if (error)
		tracing_fail(tracing, "cannot make the report", error);
	else
		error = tracing_show(tracing, snapshot);
	snapshot_free(trace->before);
	trace->before = snapshot;
	return error;
}

static int follow_growth(struct trace *trace)
{
	trace->growth = growth_new(trace->tracing.options.max_memory_bytes / GROWTH_MEMORY_PART);
	return trace->growth ? 0 : tracing_fail(&trace->tracing, "cannot start", -ENOMEM);
}

int command_trace(int argc, char **argv)
{
	struct trace trace = {0};
	struct tracing *tracing = &trace.tracing;
	int status = 0;

	if (tracing_begin(tracing, "trace", argc, argv, &status)) {
		if (follow_growth(&trace) || tracing_open(tracing) ||
		    tracing_reports(tracing, tracing->options.count, report, &trace))
			status = message_fail(tracing->error);
		else
			status = tracing_command_status(tracing);
	}
	snapshot_free(trace.before);
	growth_free(trace.growth);
	tracing_close(tracing);
	return status;
}

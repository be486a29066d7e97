// SPDX-License-Identifier: GPL-2.0-or-later
/* The default command: reports of what is still live, on processes or on a command. */
#include <errno.h>
#include <stdbool.h>

#include "analyze/aggregate.h"
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

/* From what the session knows to a report. At exit no block is too young. */
static int report(void *context, int events)
{
	struct trace *trace = context;
	struct tracing *tracing = &trace->tracing;
	bool at_exit = events != TRACING_TIMER && session_running(tracing->session) == 0;
	const struct options *options = &tracing->options;
	uint64_t older_ns = at_exit && !options->older_given ? 0 : options->older_ns;
	struct snapshot *snapshot;
	int error = session_snapshot(tracing->session, older_ns, options->show_allocs, &snapshot);

	if (error)
		return tracing_fail(tracing, "cannot read the tables", error);
	error = aggregate_merge(snapshot);
	/* What is live at exit is no point of the series: blocks of any age count, and much was freed by then. */
	if (!error && !at_exit)
		error = growth_add(trace->growth, snapshot);
	if (!error) {
		growth_judge(trace->growth, snapshot);
		aggregate_sum(snapshot);
		error = select_stacks(snapshot, trace->before, (enum select_key)options->sort, options->top);
	}
	if (error)
		tracing_fail(tracing, "cannot make the report", error);
	else
		error = tracing_symbolize(tracing, snapshot);
	if (!error)
		error = tracing_write(tracing, snapshot);
	snapshot_free(trace->before);
	trace->before = snapshot;
	symbolizer_rest(tracing->symbolizer);
	return error;
}

static int follow_growth(struct trace *trace)
{
	trace->growth = growth_new(trace->tracing.options.max_memory_bytes / GROWTH_MEMORY_PART);
	return trace->growth ? 0 : tracing_fail(&trace->tracing, "cannot start", -ENOMEM);
}

static int run(struct trace *trace)
{
	int error = tracing_start_interval(&trace->tracing);

	return error ? error : tracing_series(&trace->tracing, trace->tracing.options.count, report, trace);
}

int command_trace(int argc, char **argv)
{
	struct trace trace = {0};
	int status = 0;

	if (tracing_begin(&trace.tracing, "trace", argc, argv, &status)) {
		if (follow_growth(&trace) || tracing_open(&trace.tracing) || run(&trace))
			status = message_fail(trace.tracing.error);
		else
			status = tracing_command_status(&trace.tracing);
	}
	snapshot_free(trace.before);
	growth_free(trace.growth);
	tracing_close(&trace.tracing);
	return status;
}

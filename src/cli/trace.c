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
	uint64_t reports;
};

/* From what the session knows to a report. `at_exit`: no block is too young. */
static int report(struct trace *trace, bool at_exit)
{
	struct tracing *tracing = &trace->tracing;
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
	trace->reports++;
	symbolizer_rest(tracing->symbolizer);
	return error;
}

/* Of a command there is one report, at its end, unless an interval is asked for. */
static int start_timer(struct tracing *tracing)
{
	const struct options *options = &tracing->options;

	if (options->command && !options->interval_given)
		return 0;
	return tracing_set_timer(tracing, options->interval_ns, options->interval_ns);
}

static int run(struct trace *trace)
{
	struct tracing *tracing = &trace->tracing;
	int events = 0, error = start_timer(tracing);

	while (!error && !(events & (TRACING_STOP | TRACING_ENDED))) {
		events = tracing_wait(tracing);
		if (events < 0)
			return events;
		if (events != TRACING_TIMER)
			continue;
		error = report(trace, false);
		if (trace->reports == tracing->options.count)
			return error;
	}
	if (error)
		return error;
	tracing_tell_news(tracing);
	return report(trace, session_running(tracing->session) == 0);
}

static int follow_growth(struct trace *trace)
{
	trace->growth = growth_new(trace->tracing.options.max_memory_bytes / GROWTH_MEMORY_PART);
	return trace->growth ? 0 : tracing_fail(&trace->tracing, "cannot start", -ENOMEM);
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

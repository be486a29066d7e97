// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace churn: who keeps the allocator busy. */
#include <errno.h>
#include <stdbool.h>

#include "analyze/aggregate.h"
#include "analyze/churn.h"
#include "analyze/select.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/tracing.h"
#include "symbolize/free_places.h"

/* A run of the command. */
struct churning {
	struct tracing tracing;
	struct snapshot *before; /* the last report's */
};

static enum select_key key_of(const struct options *options)
{
	static const enum select_key keys[] = {
	    [CHURN_RATE] = SELECT_RATE,
	    [CHURN_BYTES] = SELECT_BYTE_RATE,
	    [CHURN_SHORT_LIVED] = SELECT_SHORT_LIVED,
	};

	return keys[options->churn_sort];
}

/* Of all stacks it is told who frees their blocks, for the totals; of those shown, by name. */
static int name_places(struct tracing *tracing, struct snapshot *snapshot)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->n_stacks && !error; i++) {
		struct stack *stack = &snapshot->stacks[i];

		error = free_places_name(tracing->symbolizer, &snapshot->processes[stack->process], stack,
		                         i < snapshot->n_stacks_shown);
	}
	return error;
}

static int make(struct churning *churning, struct snapshot *snapshot, bool last)
{
	const struct options *options = &churning->tracing.options;
	int error = aggregate_merge(snapshot);

	/* The last one tells of the whole run: since the one before there may have been hardly any time. */
	if (!error)
		error = churn_find_recent(snapshot, last ? NULL : churning->before);
	if (error)
		return error;
	aggregate_sum(snapshot);
	error = select_stacks(snapshot, NULL, key_of(options), options->top);
	if (!error)
		error = name_places(&churning->tracing, snapshot);
	return error ? error : churn_sum(snapshot);
}

static int report(void *context, int events)
{
	struct churning *churning = context;
	struct tracing *tracing = &churning->tracing;
	const struct options *options = &tracing->options;
	struct snapshot *snapshot;
	int error = session_snapshot(tracing->session, options->older_given ? options->older_ns : 0,
	                             options->show_allocs, &snapshot);

	if (error)
		return tracing_fail(tracing, "cannot read the tables", error);
	snapshot->command = "churn";
	error = make(churning, snapshot, events != TRACING_TIMER);
	if (error)
		tracing_fail(tracing, "cannot make the report", error);
	else
		error = tracing_show(tracing, snapshot);
	snapshot_free(churning->before);
	churn_drop(snapshot);
	churning->before = snapshot;
	return error;
}

int command_churn(int argc, char **argv)
{
	struct churning churning = {0};
	struct tracing *tracing = &churning.tracing;
	int status = 0;

	if (tracing_begin(tracing, "churn", argc, argv, &status)) {
		tracing->churns = true;
		tracing->view = VIEW_CHURN;
		if (tracing_open(tracing) || tracing_reports(tracing, tracing->options.count, report, &churning))
			status = message_fail(tracing->error);
		else
			status = tracing_command_status(tracing);
	}
	snapshot_free(churning.before);
	tracing_close(tracing);
	return status;
}

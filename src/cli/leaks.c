// SPDX-License-Identifier: GPL-2.0-or-later
/* Which live blocks nothing leads to any more. */
#include <errno.h>
#include <stdio.h>

#include "analyze/aggregate.h"
#include "analyze/leaks.h"
#include "analyze/select.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/tracing.h"

/* What is known of the processes now, judged where they were scanned. 0, or -errno with a line in tracing->error. */
static int judged_snapshot(struct tracing *tracing, struct snapshot **result)
{
	const struct options *options = &tracing->options;
	struct snapshot *snapshot;
	int error = session_snapshot(tracing->session, 0, true, &snapshot);

	*result = NULL;
	if (error)
		return tracing_fail(tracing, "cannot read the tables", error);
	snapshot->command = "leaks";
	error = aggregate_merge(snapshot);
	if (!error) {
		leaks_leave_out_younger(snapshot, options->older_given ? options->older_ns : 0);
		aggregate_sum(snapshot);
		error = leaks_judge(snapshot, options->reachable);
	}
	if (!error)
		error = select_stacks(snapshot, NULL, (enum select_key)options->sort, options->top);
	if (error) {
		snapshot_free(snapshot);
		return tracing_fail(tracing, "cannot tell what is leaked", error);
	}
	*result = snapshot;
	return 0;
}

static int report(struct tracing *tracing)
{
	struct snapshot *snapshot;
	int error = judged_snapshot(tracing, &snapshot);

	if (error)
		return error;
	error = tracing_show(tracing, snapshot);
	snapshot_free(snapshot);
	return error;
}

static int scan_and_report(struct tracing *tracing)
{
	int error = session_scan(tracing->session, tracing->error, sizeof(tracing->error));

	return error ? error : report(tracing);
}

/* Processes that run are looked at when the time has come, or memtrace is asked to end; of others it is too late. */
static int look(void *context, int events)
{
	return events & TRACING_ENDED ? report(context) : scan_and_report(context);
}

static int run(struct tracing *tracing)
{
	const struct options *options = &tracing->options;

	return tracing_reports(tracing, options->count ? options->count : 1, look, tracing);
}

static int check(struct tracing *tracing)
{
	if (!tracing->options.command || !tracing->options.interval_given)
		return 0;
	snprintf(tracing->error, sizeof(tracing->error),
	         "a command is looked at when it exits: leave INTERVAL out, or attach with -p");
	return -EINVAL;
}

int command_leaks(int argc, char **argv)
{
	struct tracing tracing;
	int status = 0;

	if (tracing_begin(&tracing, "leaks", argc, argv, &status)) {
		tracing.scan = true;
		if (check(&tracing) || tracing_open(&tracing) || run(&tracing))
			status = message_fail(tracing.error);
		else
			status = tracing_command_status(&tracing);
	}
	tracing_close(&tracing);
	return status;
}

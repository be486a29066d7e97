// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording, shown as a live report would be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/churn.h"
#include "analyze/select.h"
#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/losses.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/recorded.h"
#include "report/output.h"
#include "report/view.h"

/* Moments of a course that are handed to a form which shows one. */
#define COURSE_MOMENTS 120

struct report {
	struct options options;
	struct recorded recorded;
	char error[512];
};

/* The order of stacks: of what is shown, unless another is asked for. */
static enum select_key order_of(const struct options *options)
{
	static const enum select_key keys[VIEW_COUNT] = {
	    [VIEW_LIVE] = SELECT_BYTES,
	    [VIEW_CHURN] = SELECT_ALLOCATED,
	    [VIEW_GROWTH] = SELECT_GROWTH,
	};

	return options->sort_given ? (enum select_key)options->sort : keys[options->view];
}

/* Rates are those between the moment and the one before. */
static int find_churn(struct recorded *recorded, size_t moment, struct snapshot *snapshot)
{
	struct snapshot *before = NULL;
	int error = moment ? recorded_snapshot(recorded, moment - 1, &before) : 0;

	if (error)
		return error;
	error = churn_find_recent(snapshot, before);
	if (!error)
		error = churn_sum(snapshot);
	if (error)
		snprintf(recorded->error, sizeof(recorded->error), "out of memory");
	snapshot_free(before);
	return error;
}

/* The moment's snapshot, with the stacks that are shown in front. */
static int read_snapshot(struct report *report, struct snapshot **result)
{
	const struct options *options = &report->options;
	struct recorded *recorded = &report->recorded;
	struct snapshot *first = NULL, *snapshot = NULL;
	enum select_key order = order_of(options);
	size_t moment;
	int error = recorded_moment(recorded, options, &moment);

	if (!error)
		error = recorded_snapshot(recorded, moment, &snapshot);
	if (!error && options->view == VIEW_CHURN)
		error = find_churn(recorded, moment, snapshot);
	if (!error && order == SELECT_GROWTH)
		error = recorded_snapshot(recorded, 0, &first);
	if (!error && select_stacks(snapshot, first, order, options->top)) {
		error = -ENOMEM;
		snprintf(recorded->error, sizeof(recorded->error), "out of memory");
	}
	snapshot_free(first);
	if (!error)
		error = recorded_name(recorded, snapshot);
	if (!error)
		error = recording_history(recorded->recording, snapshot, snapshot->n_stacks_shown, moment,
		                          COURSE_MOMENTS, &snapshot->history);
	if (error)
		snapshot_free(snapshot);
	else
		*result = snapshot;
	return error;
}

static int write_report(struct report *report, const struct snapshot *snapshot)
{
	const struct options *options = &report->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .top = options->top,
	    .view = (enum view)options->view,
	};
	int error = output_report(options->output, options->renderer, snapshot, &render);

	if (error)
		snprintf(report->error, sizeof(report->error), "%s: %s",
		         options->output ? options->output : "cannot write the report", strerror(-error));
	else
		losses_tell(options->renderer, snapshot);
	return error;
}

static int run(struct report *report)
{
	struct snapshot *snapshot = NULL;
	int error;

	if (report->options.n_files != 1) {
		snprintf(report->error, sizeof(report->error), "%s",
		         report->options.n_files ? "one recording at a time is shown; memtrace diff compares two"
		                                 : "nothing to show: name a recording");
		return -EINVAL;
	}
	error = recorded_open(&report->recorded, report->options.files[0], &report->options);
	if (!error)
		error = read_snapshot(report, &snapshot);
	if (error)
		snprintf(report->error, sizeof(report->error), "%s", report->recorded.error);
	else
		error = write_report(report, snapshot);
	snapshot_free(snapshot);
	return error;
}

int command_report(int argc, char **argv)
{
	struct report report = {.error = ""};
	int status = 0;

	if (command_begin("report", &report.options, argc, argv, report.error, sizeof(report.error), &status) &&
	    run(&report))
		status = message_fail(report.error);
	recorded_close(&report.recorded);
	options_free(&report.options);
	return status;
}

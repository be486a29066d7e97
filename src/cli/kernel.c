// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace kernel: which of the kernel's slab caches grow, and the stacks behind them. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/aggregate.h"
#include "analyze/growth.h"
#include "analyze/kernel_growth.h"
#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/interval.h"
#include "cli/losses.h"
#include "cli/message.h"
#include "cli/options.h"
#include "collect/kernel_session.h"
#include "report/output.h"
#include "symbolize/kernel_frames.h"

/* A run of the command. */
struct run {
	struct options options;
	struct kernel_session *session;
	struct kernel_frames *frames;
	struct growth *growth;       /* what the reports so far say of each stack */
	struct cache_series *series; /* … and of each cache */
	struct snapshot *before;     /* the last report's, where stacks are to be in the order of growth */
	int signal_fd, timer_fd;
	uint64_t n_written; /* reports */
	char error[512];
};

static int fail(struct run *run, const char *what, int error)
{
	snprintf(run->error, sizeof(run->error), "%s: %s", what, strerror(-error));
	return error;
}

static int check_output(struct run *run)
{
	const char *path = run->options.output;
	int error = path ? output_check(path) : 0;

	if (error)
		snprintf(run->error, sizeof(run->error), "cannot write %s: %s; name another file with --output", path,
		         strerror(-error));
	return error;
}

static int check_pids(struct run *run)
{
	for (size_t i = 0; i < run->options.n_pids; i++) {
		if (!kill(run->options.pids[i], 0) || errno == EPERM)
			continue;
		snprintf(run->error, sizeof(run->error), "no process %d", run->options.pids[i]);
		return -ESRCH;
	}
	return 0;
}

static int take_signals(struct run *run)
{
	run->signal_fd = interval_take_signals();
	return run->signal_fd < 0 ? fail(run, "cannot take signals", run->signal_fd) : 0;
}

static int start_timer(struct run *run)
{
	run->timer_fd = interval_start_timer(run->options.interval_ns);
	return run->timer_fd < 0 ? fail(run, "cannot start the timer", run->timer_fd) : 0;
}

static int open_session(struct run *run)
{
	const struct options *options = &run->options;
	struct kernel_options kernel = {
	    .max_memory_bytes = options->max_memory_bytes,
	    .stack_depth = options->stack_depth,
	    .cache = options->cache,
	    .order = options->order_given ? (int)options->order : -1,
	    .node = options->node_given ? (int)options->node : -1,
	    .pids = options->pids,
	    .n_pids = options->n_pids,
	    .cgroup = options->cgroup,
	    .laid_to = options->n_pids && !options->by ? LAID_TO_PROCESS : (enum laid_to)options->by,
	    .live_table_slots = options->live_table_slots,
	    .stack_table_rows = options->stack_table_rows,
	};
	char attached[128], text[320];
	int error;

	run->frames = kernel_frames_new();
	run->growth = growth_new(options->max_memory_bytes / GROWTH_MEMORY_PART);
	run->series = cache_series_new(options->max_memory_bytes / GROWTH_MEMORY_PART);
	if (!run->frames || !run->growth || !run->series)
		return fail(run, "cannot start", -ENOMEM);
	error = kernel_session_new(&kernel, &run->session, run->error, sizeof(run->error));
	if (!error)
		error = kernel_session_start(run->session, run->error, sizeof(run->error));
	if (error)
		return error;
	if (kernel_session_untraced(run->session)) {
		snprintf(text, sizeof(text), "no stacks, the kernel's own counts alone: %s",
		         kernel_session_untraced(run->session));
		message_tell(options->verbosity, 0, text);
	}
	kernel_session_describe(run->session, attached, sizeof(attached));
	snprintf(text, sizeof(text), "attached: %s", attached);
	message_tell(options->verbosity, 1, text);
	return 0;
}

/* Without names stacks are numbers; that is said once. */
static int symbolize(struct run *run, struct snapshot *snapshot)
{
	int error = kernel_frames_refresh(run->frames);

	if (error == -EPERM || error == -EACCES)
		message_tell(run->options.verbosity, 0,
		             "stacks are without names: /proc/kallsyms hides addresses (sysctl kernel.kptr_restrict)");
	else if (error)
		return error;
	error = 0;
	for (size_t i = 0; i < snapshot->n_stacks && !error; i++)
		error = kernel_frames_stack(run->frames, &snapshot->stacks[i]);
	return error;
}

static int make_report(struct run *run, struct snapshot *snapshot)
{
	const struct kernel_selection selection = {
	    .top = run->options.top,
	    .min_growth_bytes = run->options.min_growth_bytes,
	    .cache = run->options.cache,
	    .sort = (enum select_key)run->options.sort,
	    .before = run->before,
	    .series = run->series,
	};
	int error = aggregate_merge(snapshot);

	if (!error)
		error = growth_add(run->growth, snapshot);
	if (!error) {
		growth_judge(run->growth, snapshot);
		error = symbolize(run, snapshot);
	}
	return error ? error : kernel_growth(snapshot, &selection);
}

static int write_report(struct run *run, const struct snapshot *snapshot)
{
	const struct options *options = &run->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .show_blocks = options->show_allocs,
	    .top = options->top,
	    .reports_before = options->output ? 0 : run->n_written,
	};
	int error = output_report(options->output, options->renderer, snapshot, &render);

	if (error)
		return fail(run, options->output ? options->output : "cannot write the report", error);
	losses_tell(options->renderer, snapshot);
	run->n_written++;
	return 0;
}

static int report(struct run *run, bool last)
{
	const struct options *options = &run->options;
	struct snapshot *snapshot;
	int error = kernel_session_snapshot(run->session, options->older_given ? options->older_ns : 0,
	                                    options->show_allocs, last, &snapshot);

	if (error)
		return fail(run, "cannot read the tables", error);
	error = make_report(run, snapshot);
	if (error)
		fail(run, "cannot make the report", error);
	else
		error = write_report(run, snapshot);
	snapshot_free(run->before);
	run->before = NULL;
	if ((enum select_key)options->sort == SELECT_GROWTH)
		run->before = snapshot;
	else
		snapshot_free(snapshot);
	return error;
}

/* 1: a signal to end has come; 0: the interval is over; or -errno. */
static int wait_interval(struct run *run)
{
	struct pollfd fds[] = {
	    {.fd = run->signal_fd, .events = POLLIN},
	    {.fd = run->timer_fd, .events = POLLIN},
	    {.fd = kernel_session_fd(run->session), .events = POLLIN},
	};

	for (;;) {
		uint64_t expirations;
		int error;

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return fail(run, "cannot wait", -errno);
		error = fds[2].revents ? kernel_session_handle(run->session) : 0;
		if (error)
			return fail(run, "cannot make room in the tables", error);
		if (fds[0].revents)
			return 1;
		if (read(run->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations))
			return 0;
	}
}

static int run_command(struct run *run)
{
	int error = check_output(run);
	bool last = false;

	if (!error)
		error = check_pids(run);
	if (!error)
		error = take_signals(run);
	if (!error)
		error = open_session(run);
	if (!error)
		error = start_timer(run);
	for (uint64_t reports = 1; !error && !last; reports++) {
		int ended = wait_interval(run);

		last = ended || reports == run->options.count;
		error = ended < 0 ? ended : report(run, last);
	}
	return error;
}

int command_kernel(int argc, char **argv)
{
	struct run run = {.signal_fd = -1, .timer_fd = -1};
	int status = 0;

	if (command_begin("kernel", &run.options, argc, argv, run.error, sizeof(run.error), &status) &&
	    run_command(&run))
		status = message_fail(run.error);
	kernel_session_free(run.session);
	kernel_frames_free(run.frames);
	growth_free(run.growth);
	cache_series_free(run.series);
	snapshot_free(run.before);
	options_free(&run.options);
	if (run.signal_fd >= 0)
		close(run.signal_fd);
	if (run.timer_fd >= 0)
		close(run.timer_fd);
	return status;
}

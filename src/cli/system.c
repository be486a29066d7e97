// SPDX-License-Identifier: GPL-2.0-or-later
/* memtrace system: where the memory of this machine is. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/machine_report.h"
#include "cli/begin.h"
#include "cli/commands.h"
#include "cli/interval.h"
#include "cli/message.h"
#include "cli/options.h"
#include "machine/reading.h"
#include "report/output.h"

/* A run of the command. */
struct run {
	struct options options;
	struct machine *before; /* the reading that the next is held against; NULL: none */
	int root_fd, signal_fd, timer_fd;
	char error[512];
};

static int fail(struct run *run, const char *what, int error)
{
	snprintf(run->error, sizeof(run->error), "%s: %s", what, strerror(-error));
	return error;
}

static int check_options(struct run *run)
{
	const struct options *options = &run->options;
	int error = options->output ? output_check(options->output) : 0;

	if (error)
		snprintf(run->error, sizeof(run->error), "cannot write %s: %s; name another file with --output",
		         options->output, strerror(-error));
	if (!error && !options->renderer->machine) {
		error = -EOPNOTSUPP;
		snprintf(run->error, sizeof(run->error),
		         "memtrace system has no report in the format '%s'; take text or json",
		         options->renderer->name);
	}
	return error;
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

static int read_machine(struct run *run, struct machine **machine)
{
	int error = machine_read(run->root_fd, machine);

	if (error)
		return fail(run, "cannot read /proc/meminfo", error);
	(*machine)->self_pid = getpid();
	return 0;
}

static int write_report(struct run *run, const struct machine *now)
{
	const struct options *options = &run->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .top = options->top,
	};
	struct machine_report *report;
	int error = machine_report_new(run->before, now, options->top, &report);

	if (error)
		return fail(run, "cannot make the report", error);
	error = output_machine(options->output, options->renderer, report, &render);
	machine_report_free(report);
	return error ? fail(run, options->output ? options->output : "cannot write the report", error) : 0;
}

/* Reads, reports, and keeps the reading. */
static int report(struct run *run)
{
	struct machine *now;
	int error = read_machine(run, &now);

	if (error)
		return error;
	error = write_report(run, now);
	machine_free(run->before);
	run->before = now;
	return error;
}

/* 1: a signal has come, to end with a last report; 0: the interval is over; or -errno. */
static int wait_interval(struct run *run)
{
	struct pollfd fds[] = {
	    {.fd = run->signal_fd, .events = POLLIN},
	    {.fd = run->timer_fd, .events = POLLIN},
	};
	uint64_t expirations;

	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR)
			return fail(run, "cannot wait", -errno);
	}
	if (fds[0].revents)
		return 1;
	if (read(run->timer_fd, &expirations, sizeof(expirations)) < 0)
		return fail(run, "cannot wait", -errno);
	return 0;
}

static int report_intervals(struct run *run)
{
	int error = read_machine(run, &run->before);

	if (!error)
		error = start_timer(run);
	if (!error)
		message_tell(run->options.verbosity, 1, "first reading made");
	for (uint64_t reports = 0; !error && (!run->options.count || reports < run->options.count); reports++) {
		int ended = wait_interval(run);

		if (ended < 0)
			return ended;
		error = report(run);
		if (ended)
			break;
	}
	return error;
}

static int run_command(struct run *run)
{
	int error = check_options(run);

	if (!error)
		error = take_signals(run);
	if (error)
		return error;
	run->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->root_fd < 0)
		return fail(run, "cannot open /", -errno);
	return run->options.interval_given ? report_intervals(run) : report(run);
}

int command_system(int argc, char **argv)
{
	struct run run = {.root_fd = -1, .signal_fd = -1, .timer_fd = -1};
	const int *fds[] = {&run.root_fd, &run.signal_fd, &run.timer_fd};
	int status = 0;

	if (command_begin("system", &run.options, argc, argv, run.error, sizeof(run.error), &status) &&
	    run_command(&run))
		status = message_fail(run.error);
	machine_free(run.before);
	options_free(&run.options);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
	}
	return status;
}

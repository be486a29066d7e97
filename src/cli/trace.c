// SPDX-License-Identifier: GPL-2.0-or-later
/* The default command: reports of what is still live, on processes or on a command. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "analyze/aggregate.h"
#include "analyze/growth.h"
#include "analyze/select.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"
#include "collect/nodes.h"
#include "collect/session.h"
#include "report/output.h"
#include "symbolize/symbolizer.h"

#define NS_PER_S 1000000000ULL

/* A run of the command. */
struct trace {
	struct options options;
	struct session *session;
	struct symbolizer *symbolizer;
	struct snapshot *before;      /* the last report's, to see growth against */
	struct growth *growth;        /* what the reports so far say of each stack */
	struct sigaction pipe_action; /* as memtrace found it */
	sigset_t signals_found;
	int signal_fd, timer_fd;
	uint64_t reports;
	char error[512];
};

/* Signals are read when there is time for them; a command started gets back what was. */
static int take_signals(struct trace *trace)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &trace->signals_found);
	sigaction(SIGPIPE, &ignore, &trace->pipe_action);
	trace->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return trace->signal_fd < 0 ? -errno : 0;
}

static int fail(struct trace *trace, const char *what, int error)
{
	snprintf(trace->error, sizeof(trace->error), "%s: %s", what, strerror(-error));
	return error;
}

/* Debug files from servers, if the command line or the environment asks for them. */
static int use_debuginfod(struct trace *trace)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	const struct options *options = &trace->options;
	int error;

	if (!options->debuginfod && (!urls || !urls[0]))
		return 0;
	error = symbolizer_use_debuginfod(trace->symbolizer, options->verbosity >= 0 && isatty(STDERR_FILENO),
	                                  trace->error, sizeof(trace->error));
	if (!error || options->debuginfod)
		return error;
	/* Set for other tools, perhaps; reports can do without. */
	message_tell(options->verbosity, 1, trace->error);
	return 0;
}

static int open_session(struct trace *trace)
{
	const struct options *options = &trace->options;
	struct session_options session_options = {
	    .max_memory_bytes = options->max_memory_bytes,
	    .min_size_bytes = options->min_size_bytes,
	    .max_size_bytes = options->max_size_bytes,
	    .size_filter = options->size_filter,
	    .node = options->node_given ? (int)options->node : -1,
	    .stack_depth = options->stack_depth,
	    .frame_pointers = options->frame_pointers,
	    .backend = options->backend ? options->backend : session_backend_for(options->pids, options->n_pids),
	    .objects = options->objects,
	    .n_objects = options->n_objects,
	    .live_table_slots = options->live_table_slots,
	    .stack_table_rows = options->stack_table_rows,
	    .event_buffer_bytes = options->event_buffer_bytes,
	    .unwind_table_bytes = options->unwind_table_bytes,
	    .command_signals = trace->signals_found,
	    .command_pipe_action = trace->pipe_action,
	};
	int error;

	trace->symbolizer = symbolizer_new();
	trace->growth = growth_new(options->max_memory_bytes / GROWTH_MEMORY_PART);
	if (!trace->symbolizer || !trace->growth)
		return fail(trace, "cannot start", -ENOMEM);
	error = use_debuginfod(trace);
	if (error)
		return error;
	return session_new(&session_options, &trace->session, trace->error, sizeof(trace->error));
}

static int attach(struct trace *trace)
{
	char attached[128], text[160];
	int error = 0;

	if (trace->options.command)
		error = session_launch(trace->session, trace->options.command, trace->error, sizeof(trace->error));
	for (size_t i = 0; i < trace->options.n_pids && !error; i++)
		error = session_add_process(trace->session, trace->options.pids[i], trace->error, sizeof(trace->error));
	if (error)
		return error;
	session_start(trace->session);
	session_describe(trace->session, attached, sizeof(attached));
	snprintf(text, sizeof(text), "attached: %s", attached);
	message_tell(trace->options.verbosity, 1, text);
	return 0;
}

static int start_timer(struct trace *trace)
{
	uint64_t interval = trace->options.interval_ns;
	struct itimerspec when = {.it_interval = {.tv_sec = interval / NS_PER_S, .tv_nsec = interval % NS_PER_S}};

	when.it_value = when.it_interval;
	trace->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (trace->timer_fd < 0)
		return fail(trace, "cannot make a timer", -errno);
	if (trace->options.command && !trace->options.interval_given)
		return 0; /* one report, at its end */
	if (timerfd_settime(trace->timer_fd, 0, &when, NULL))
		return fail(trace, "cannot start the timer", -errno);
	return 0;
}

static int symbolize(struct trace *trace, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
		struct stack *stack = &snapshot->stacks[i];
		int error = symbolizer_stack(trace->symbolizer, &snapshot->processes[stack->process], stack);

		if (error)
			return fail(trace, "cannot symbolize", error);
	}
	return 0;
}

/* From what the session knows to a report. `at_exit`: no block is too young. */
static int report(struct trace *trace, bool at_exit)
{
	const struct options *options = &trace->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .show_blocks = options->show_allocs,
	    .top = options->top,
	};
	uint64_t older_ns = at_exit && !options->older_given ? 0 : options->older_ns;
	struct snapshot *snapshot;
	int error = session_snapshot(trace->session, older_ns, options->show_allocs, &snapshot);

	if (error)
		return fail(trace, "cannot read the tables", error);
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
		fail(trace, "cannot make the report", error);
	else
		error = symbolize(trace, snapshot);
	if (!error) {
		error = output_report(options->output, options->renderer, snapshot, &render);
		if (error)
			fail(trace, options->output ? options->output : "cannot write the report", error);
	}
	snapshot_free(trace->before);
	trace->before = snapshot;
	trace->reports++;
	symbolizer_rest(trace->symbolizer);
	return error;
}

static void tell_news(struct trace *trace)
{
	char text[512];

	while (session_news(trace->session, text, sizeof(text)))
		message_tell(trace->options.verbosity, 0, text);
}

/* Waits for something to happen. 1: time to end, with a last report; 0: go on; or -errno. */
static int wait_for_events(struct trace *trace, bool *report_due)
{
	struct pollfd fds[] = {
	    {.fd = session_fd(trace->session), .events = POLLIN},
	    {.fd = trace->signal_fd, .events = POLLIN},
	    {.fd = trace->timer_fd, .events = POLLIN},
	};
	struct signalfd_siginfo signal;
	uint64_t expirations;
	int error;

	if (poll(fds, 3, -1) < 0 && errno != EINTR)
		return fail(trace, "cannot wait", -errno);
	if (fds[0].revents) {
		error = session_handle(trace->session, trace->error, sizeof(trace->error));
		if (error) {
			if (!trace->error[0])
				fail(trace, "cannot follow the processes", error);
			return error;
		}
	}
	while (read(trace->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo != SIGTERM && trace->options.command)
			continue;
		session_let_go(trace->session);
		return 1;
	}
	*report_due = read(trace->timer_fd, &expirations, sizeof(expirations)) == sizeof(expirations);
	return session_running(trace->session) == 0;
}

static int run(struct trace *trace)
{
	int ended = session_running(trace->session) == 0, error = 0;

	while (!ended) {
		bool due = false;

		ended = wait_for_events(trace, &due);
		tell_news(trace);
		if (ended < 0)
			return ended;
		if (ended || !due)
			continue;
		error = report(trace, false);
		if (error || trace->reports == trace->options.count)
			return error;
	}
	tell_news(trace);
	return report(trace, session_running(trace->session) == 0);
}

static int exit_status(const struct trace *trace, int error)
{
	int status;

	if (error)
		return message_fail(trace->error);
	status = trace->options.command ? session_command_status(trace->session) : 0;
	return status < 0 ? 0 : status;
}

/* The objects of -O, where their paths are this namespace's for certain. */
static int check_objects(struct trace *trace)
{
	for (size_t i = 0; i < trace->options.n_objects && trace->options.command; i++) {
		if (!access(trace->options.objects[i], F_OK))
			continue;
		snprintf(trace->error, sizeof(trace->error), "cannot find %s: %s; name an existing file with -O",
		         trace->options.objects[i], strerror(errno));
		return -ENOENT;
	}
	return 0;
}

/* Fails before anything is attached, rather than at the first report. */
static int check_output(struct trace *trace)
{
	const char *path = trace->options.output;
	int error = path ? output_check(path) : 0;

	if (error)
		snprintf(trace->error, sizeof(trace->error), "cannot write %s: %s; name another file with --output",
		         path, strerror(-error));
	return error;
}

int command_trace(int argc, char **argv)
{
	struct trace trace = {.signal_fd = -1, .timer_fd = -1};
	int status =
	    options_parse(&trace.options, argc, argv, command_find("trace")->accept, trace.error, sizeof(trace.error));
	int error;

	if (status == OPTIONS_HELP || status == OPTIONS_VERSION) {
		status = status == OPTIONS_HELP ? help_print(stdout, "trace")
		                                : printf("memtrace %s\n", MEMTRACE_VERSION) < 0;
		options_free(&trace.options);
		return status ? 2 : 0;
	}
	if (status) {
		options_free(&trace.options);
		return message_fail(trace.error);
	}
	error = check_output(&trace);
	if (!error)
		error = check_objects(&trace);
	if (!error && trace.options.node_given)
		error = nodes_check(trace.options.node, trace.error, sizeof(trace.error));
	if (!error)
		error = take_signals(&trace);
	if (!error)
		error = open_session(&trace);
	if (!error)
		error = attach(&trace);
	if (!error)
		error = start_timer(&trace);
	if (!error)
		error = run(&trace);
	status = exit_status(&trace, error);
	snapshot_free(trace.before);
	session_free(trace.session);
	symbolizer_free(trace.symbolizer);
	growth_free(trace.growth);
	options_free(&trace.options);
	if (trace.signal_fd >= 0)
		close(trace.signal_fd);
	if (trace.timer_fd >= 0)
		close(trace.timer_fd);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/tracing.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "analyze/aggregate.h"
#include "cli/begin.h"
#include "cli/debuginfod.h"
#include "cli/losses.h"
#include "cli/message.h"
#include "collect/nodes.h"
#include "report/output.h"

#define NS_PER_S 1000000000ULL

int tracing_fail(struct tracing *tracing, const char *what, int error)
{
	snprintf(tracing->error, sizeof(tracing->error), "%s: %s", what, strerror(-error));
	return error;
}

bool tracing_begin(struct tracing *tracing, const char *command, int argc, char **argv, int *status)
{
	memset(tracing, 0, sizeof(*tracing));
	tracing->signal_fd = tracing->timer_fd = tracing->input_fd = -1;
	return command_begin(command, &tracing->options, argc, argv, tracing->error, sizeof(tracing->error), status);
}

/* Fails before anything is attached, rather than at the first report. */
static int check_output(struct tracing *tracing)
{
	const char *path = tracing->options.output;
	int error = path ? output_check(path) : 0;

	if (error)
		snprintf(tracing->error, sizeof(tracing->error), "cannot write %s: %s; name another file with --output",
		         path, strerror(-error));
	return error;
}

/* The objects of -O, where their paths are this namespace's for certain. */
static int check_objects(struct tracing *tracing)
{
	const struct options *options = &tracing->options;

	for (size_t i = 0; i < options->n_objects && options->command; i++) {
		if (!access(options->objects[i], F_OK))
			continue;
		snprintf(tracing->error, sizeof(tracing->error), "cannot find %s: %s; name an existing file with -O",
		         options->objects[i], strerror(errno));
		return -ENOENT;
	}
	return 0;
}

/* Signals are read when there is time for them; a command started gets back what was. */
static int take_signals(struct tracing *tracing)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &tracing->signals_found);
	sigaction(SIGPIPE, &ignore, &tracing->pipe_action);
	tracing->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return tracing->signal_fd < 0 ? tracing_fail(tracing, "cannot take signals", -errno) : 0;
}

static int open_session(struct tracing *tracing)
{
	const struct options *options = &tracing->options;
	struct session_options session_options = {
	    .max_memory_bytes = options->max_memory_bytes,
	    .min_size_bytes = options->min_size_bytes,
	    .max_size_bytes = options->max_size_bytes,
	    .size_filter = options->size_filter,
	    .max_pause_ns = options->max_pause_ns,
	    .no_stop = options->no_stop,
	    .scan_at_exit = tracing->scan && (options->command || options->follow_fork),
	    .node = options->node_given ? (int)options->node : -1,
	    .stack_depth = options->stack_depth,
	    .frame_pointers = options->frame_pointers,
	    .follow_fork = options->follow_fork,
	    .keep_blocks = options->show_allocs || tracing->scan,
	    .churns = tracing->churns,
	    .backend = options->backend ? options->backend : session_backend_for(options->pids, options->n_pids),
	    .objects = options->objects,
	    .n_objects = options->n_objects,
	    .live_table_slots = options->live_table_slots,
	    .stack_table_rows = options->stack_table_rows,
	    .event_buffer_bytes = options->event_buffer_bytes,
	    .ended_bytes = options->ended_bytes,
	    .unwind_table_bytes = options->unwind_table_bytes,
	    .command_signals = tracing->signals_found,
	    .command_pipe_action = tracing->pipe_action,
	};
	int error;

	tracing->symbolizer = symbolizer_new();
	if (!tracing->symbolizer)
		return tracing_fail(tracing, "cannot start", -ENOMEM);
	error = debuginfod_use(tracing->symbolizer, options, tracing->error, sizeof(tracing->error));
	if (error)
		return error;
	return session_new(&session_options, &tracing->session, tracing->error, sizeof(tracing->error));
}

static int attach(struct tracing *tracing)
{
	const struct options *options = &tracing->options;
	char attached[128], text[160];
	int error = 0;

	if (options->command)
		error = session_launch(tracing->session, options->command, tracing->error, sizeof(tracing->error));
	for (size_t i = 0; i < options->n_pids && !error; i++)
		error = session_add_process(tracing->session, options->pids[i], tracing->error, sizeof(tracing->error));
	if (!error && options->follow_fork && !options->command)
		error = session_follow(tracing->session, tracing->error, sizeof(tracing->error));
	if (error)
		return error;
	session_start(tracing->session);
	session_describe(tracing->session, attached, sizeof(attached));
	snprintf(text, sizeof(text), "attached: %s", attached);
	message_tell(options->verbosity, 1, text);
	return 0;
}

int tracing_open(struct tracing *tracing)
{
	const struct options *options = &tracing->options;
	int error = check_output(tracing);

	if (!error)
		error = check_objects(tracing);
	if (!error && options->node_given)
		error = nodes_check(options->node, tracing->error, sizeof(tracing->error));
	if (!error)
		error = take_signals(tracing);
	if (!error)
		error = open_session(tracing);
	if (!error)
		error = attach(tracing);
	return error;
}

void tracing_close(struct tracing *tracing)
{
	session_free(tracing->session);
	symbolizer_free(tracing->symbolizer);
	options_free(&tracing->options);
	if (tracing->signal_fd >= 0)
		close(tracing->signal_fd);
	if (tracing->timer_fd >= 0)
		close(tracing->timer_fd);
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

int tracing_set_timer(struct tracing *tracing, uint64_t first_ns, uint64_t every_ns)
{
	struct itimerspec when = {.it_value = timespec_of(first_ns), .it_interval = timespec_of(every_ns)};

	if (tracing->timer_fd < 0)
		tracing->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (tracing->timer_fd < 0)
		return tracing_fail(tracing, "cannot make a timer", -errno);
	if (timerfd_settime(tracing->timer_fd, 0, &when, NULL))
		return tracing_fail(tracing, "cannot start the timer", -errno);
	return 0;
}

void tracing_tell_news(struct tracing *tracing)
{
	char text[512];

	while (session_news(tracing->session, text, sizeof(text))) {
		if (tracing->tell)
			tracing->tell(tracing->tell_context, text);
		else
			message_tell(tracing->options.verbosity, 0, text);
	}
}

/* Whether a signal asks for the end. Under a command SIGINT is the command's own. */
static bool asked_to_stop(struct tracing *tracing)
{
	struct signalfd_siginfo signal;

	while (read(tracing->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		/* A command gets it too; children that outlive it need not. */
		if (signal.ssi_signo != SIGTERM && tracing->options.command &&
		    session_command_status(tracing->session) < 0)
			continue;
		if (tracing->options.command)
			session_let_go(tracing->session);
		return true;
	}
	return false;
}

static int follow(struct tracing *tracing)
{
	int error = session_handle(tracing->session, tracing->error, sizeof(tracing->error));

	if (error && !tracing->error[0])
		tracing_fail(tracing, "cannot follow the processes", error);
	return error;
}

int tracing_wait(struct tracing *tracing)
{
	struct pollfd fds[] = {
	    {.fd = session_fd(tracing->session), .events = POLLIN},
	    {.fd = tracing->signal_fd, .events = POLLIN},
	    {.fd = tracing->timer_fd, .events = POLLIN}, /* poll(2) passes over one that is negative */
	    {.fd = tracing->input_fd, .events = POLLIN},
	};
	uint64_t expirations;
	int events = 0, error = 0;

	if (session_running(tracing->session) == 0 && tracing->input_fd < 0)
		return TRACING_ENDED;
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
		return tracing_fail(tracing, "cannot wait", -errno);
	if (fds[0].revents)
		error = follow(tracing);
	tracing_tell_news(tracing);
	if (error)
		return error;
	if (asked_to_stop(tracing))
		events |= TRACING_STOP;
	if (tracing->timer_fd >= 0 && read(tracing->timer_fd, &expirations, sizeof(expirations)) > 0)
		events |= TRACING_TIMER;
	if (fds[3].revents)
		events |= TRACING_INPUT;
	if (session_running(tracing->session) == 0)
		events |= TRACING_ENDED;
	return events;
}

int tracing_series(struct tracing *tracing, uint64_t count, int (*report)(void *context, int events), void *context)
{
	int events = 0, result;

	for (uint64_t n = 0; !(events & (TRACING_STOP | TRACING_ENDED));) {
		events = tracing_wait(tracing);
		if (events < 0)
			return events;
		if (events != TRACING_TIMER)
			continue;
		result = report(context, events);
		if (result || ++n == count)
			return result < 0 ? result : 0;
	}
	tracing_tell_news(tracing);
	result = report(context, events);
	return result < 0 ? result : 0;
}

int tracing_reports(struct tracing *tracing, uint64_t count, int (*report)(void *context, int events), void *context)
{
	const struct options *options = &tracing->options;
	int error = 0;

	if (!options->command || options->interval_given)
		error = tracing_set_timer(tracing, options->interval_ns, options->interval_ns);
	return error ? error : tracing_series(tracing, count, report, context);
}

int tracing_snapshot(struct tracing *tracing, struct growth *growth, bool at_exit, struct snapshot **result)
{
	const struct options *options = &tracing->options;
	uint64_t older_ns = at_exit && !options->older_given ? 0 : options->older_ns;
	struct snapshot *snapshot;
	int error = session_snapshot(tracing->session, older_ns, options->show_allocs, &snapshot);

	*result = NULL;
	if (error)
		return tracing_fail(tracing, "cannot read the tables", error);
	error = aggregate_merge(snapshot);
	if (!error && !at_exit)
		error = growth_add(growth, snapshot);
	if (error) {
		snapshot_free(snapshot);
		return tracing_fail(tracing, "cannot make a snapshot", error);
	}
	growth_judge(growth, snapshot);
	aggregate_sum(snapshot);
	*result = snapshot;
	return 0;
}

int tracing_symbolize(struct tracing *tracing, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks_shown; i++) {
		struct stack *stack = &snapshot->stacks[i];
		int error = symbolizer_stack(tracing->symbolizer, &snapshot->processes[stack->process], stack);

		for (size_t j = 0; j < stack->n_held_by && !error; j++) {
			struct stack *site = stack->held_by[j].site;

			if (site)
				error =
				    symbolizer_stack(tracing->symbolizer, &snapshot->processes[site->process], site);
		}
		if (error)
			return tracing_fail(tracing, "cannot symbolize", error);
	}
	return 0;
}

int tracing_write(struct tracing *tracing, const struct snapshot *snapshot)
{
	const struct options *options = &tracing->options;
	struct render_options render = {
	    .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	    .show_blocks = options->show_allocs,
	    .top = options->top,
	    .view = tracing->view,
	    .reports_before = options->output ? 0 : tracing->n_written,
	};
	int error = output_report(options->output, options->renderer, snapshot, &render);

	if (error)
		return tracing_fail(tracing, options->output ? options->output : "cannot write the report", error);
	losses_tell(options->renderer, snapshot);
	tracing->n_written++;
	return 0;
}

int tracing_show(struct tracing *tracing, struct snapshot *snapshot)
{
	int error = tracing_symbolize(tracing, snapshot);

	if (!error)
		error = tracing_write(tracing, snapshot);
	symbolizer_rest(tracing->symbolizer);
	return error;
}

int tracing_command_status(struct tracing *tracing)
{
	int status = tracing->options.command ? session_command_status(tracing->session) : 0;

	return status < 0 ? 0 : status;
}

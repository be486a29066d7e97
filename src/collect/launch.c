// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting a command so that memtrace is its tracer before it runs anything; and the thread that is
 * the tracer, of a command or of processes that run already.
 *
 * It is a thread of its own: whatever else memtrace does, reading its tables, finding
 * symbols, writing to a pipe that nobody empties, the command does not wait for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/internal.h"

#define SCAN_POLL_MS 5

static long trace_options(const struct session *session)
{
	long follow = session->options.follow_fork ? PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK : 0;

	return PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT | follow;
}

/* The two pipes between memtrace and a child that has not executed its program yet. */
struct start {
	struct session *session;
	char **command;
	struct sigaction child_action; /* as memtrace found it */
	int go[2], failed[2];
};

/* In the child. Should memtrace end before it is told to go, it ends too. */
static void run_child(const struct start *start)
{
	const struct session *session = start->session;
	char byte;
	int error;

	close(start->go[1]);
	close(start->failed[0]);
	if (read(start->go[0], &byte, 1) != 1)
		_exit(127);
	sigaction(SIGCHLD, &start->child_action, NULL);
	sigaction(SIGPIPE, &session->options.command_pipe_action, NULL);
	setrlimit(RLIMIT_NOFILE, &session->file_limit);
	sigprocmask(SIG_SETMASK, &session->options.command_signals, NULL);
	execvp(start->command[0], start->command);
	error = errno;
	if (write(start->failed[1], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Memtrace's thread is the tracer of a child that waits to go; lets it go. */
static int start_child(struct start *start)
{
	struct launched *launched = &start->session->launched;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		run_child(start);
	session_lock(start->session);
	launched->pid = pid;
	session_unlock(start->session);
	close(start->failed[1]);
	start->failed[1] = -1;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)trace_options(start->session)))
		return -errno;
	return write(start->go[1], "", 1) == 1 ? 0 : -errno;
}

/* The command runs its program, or never will: session_launch() need not wait any more. */
static void settle(struct session *session, int code)
{
	session_lock(session);
	session->launched.code = code;
	session->launched.settled = true;
	pthread_cond_signal(&session->launched.changed);
	session_unlock(session);
}

static bool leaving(struct launched *launched)
{
	return __atomic_load_n(&launched->leave, __ATOMIC_ACQUIRE);
}

/* There is nobody left to be the tracer of. */
static void end_all(struct session *session)
{
	session_lock(session);
	session->launched.over = true;
	session_unlock(session);
}

/* Every stop that there is to serve now. 0 or -errno. */
static int serve_stops(struct session *session, char *error, size_t error_size)
{
	struct launched *launched = &session->launched;
	struct signalfd_siginfo info;
	int code = 0, status;

	while (read(session->child_signal_fd, &info, sizeof(info)) > 0)
		;
	while (!code && !launched->over && !leaving(launched)) {
		pid_t thread = waitpid(-1, &status, WNOHANG | __WALL);

		if (thread < 0 && errno == ECHILD)
			end_all(session);
		if (thread <= 0)
			break;
		if (WIFSTOPPED(status))
			code = tracer_stop(session, thread, status, error, error_size);
		else
			tracer_ended(session, thread, status);
		if (launched->executing && !launched->settled && !code)
			settle(session, 0);
	}
	return code;
}

static int serve(struct session *session, char *error, size_t error_size)
{
	struct launched *launched = &session->launched;
	struct pollfd fds[] = {
	    {.fd = session->child_signal_fd, .events = POLLIN},
	    {.fd = launched->leave_fd, .events = POLLIN},
	};
	int code = 0;

	while (!code && !launched->over && !leaving(launched)) {
		bool scanned = exit_scan_step(session);
		eventfd_t n;

		code = scan_held_serve(session, scanned, error, error_size);
		if (code)
			break;
		if (poll(fds, 2, scanned ? -1 : SCAN_POLL_MS) < 0 && errno != EINTR)
			code = -errno;
		else
			code = serve_stops(session, error, error_size);
		eventfd_read(launched->leave_fd, &n); /* a scan is asked for, or leaving() says the rest */
	}
	return code;
}

/* The tracer leaves: the processes go on, and whoever runs the session is told why. */
static void leave(struct session *session, int code, const char *error)
{
	struct launched *launched = &session->launched;

	tracer_let_go(session);
	session_lock(session);
	snprintf(launched->error, sizeof(launched->error), "%s", error);
	launched->left = true;
	session_unlock(session);
	settle(session, code);
	eventfd_write(launched->news_fd, 1);
}

static void *trace_command(void *argument)
{
	struct start *start = argument;
	struct session *session = start->session;
	struct launched *launched = &session->launched;
	const char *name = start->command[0];
	char error[sizeof(launched->error)] = "";
	int code = start_child(start), exec_error = 0, failed = start->failed[0];

	if (!code)
		code = serve(session, error, sizeof(error));
	/* Until it is settled, session_launch() waits, and what `start` leads to is there. */
	if (!code && !launched->executing && read(failed, &exec_error, sizeof(exec_error)) == sizeof(exec_error)) {
		code = -exec_error;
		snprintf(error, sizeof(error), "cannot execute %s: %s", name, strerror(exec_error));
	}
	if (code && !error[0])
		snprintf(error, sizeof(error), launched->settled ? "cannot follow %s: %s" : "cannot start %s: %s", name,
		         strerror(-code));
	if (code)
		tracer_give_up(session);
	leave(session, code, error);
	return NULL;
}

/* 0, or -errno with one line in `error`. */
static int seize_targets(struct session *session, char *error, size_t error_size)
{
	int code = 0;

	for (size_t i = 0; i < session->n_targets && !code; i++) {
		struct target *target;

		session_lock(session);
		target = session->targets[i];
		if (target && !target->ended && !target->held) {
			code = seize_process(target->pid, trace_options(session), error, error_size);
			target->held = !code;
		}
		session_unlock(session);
	}
	return code;
}

static void *trace_processes(void *argument)
{
	struct session *session = argument;
	char error[sizeof(session->launched.error)] = "";
	int code = seize_targets(session, error, sizeof(error));

	if (!code) {
		settle(session, 0);
		code = serve(session, error, sizeof(error));
		if (code && !error[0])
			snprintf(error, sizeof(error), "cannot follow the processes: %s", strerror(-code));
	}
	leave(session, code, error);
	return NULL;
}

/* The thread has something to tell. */
int launch_handle(struct session *session, char *error, size_t error_size)
{
	eventfd_t n;

	if (!eventfd_read(session->launched.news_fd, &n) && session->launched.code)
		snprintf(error, error_size, "%s", session->launched.error);
	return session->launched.code;
}

/* What the thread is told by, and tells by. */
static int open_channels(struct session *session)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = EVENT_CHILD};
	struct launched *launched = &session->launched;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	session->child_signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	launched->leave_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	launched->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (session->child_signal_fd < 0 || launched->leave_fd < 0 || launched->news_fd < 0)
		return -errno;
	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, launched->news_fd, &event) ? -errno : 0;
}

/* All signals are for the main thread. */
static int start_thread(struct launched *launched, void *(*run)(void *), void *argument)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = -pthread_create(&launched->thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	launched->has_thread = !code;
	return code;
}

static int wait_until_settled(struct session *session, char *error, size_t error_size)
{
	struct launched *launched = &session->launched;
	int code;

	session_lock(session);
	while (!launched->settled)
		pthread_cond_wait(&launched->changed, &session->lock);
	code = launched->code;
	if (code)
		snprintf(error, error_size, "%s", launched->error);
	session_unlock(session);
	return code;
}

/* Tells of stops, and of the ends of tracees: ignored, it would not. */
static void take_child_signals(struct sigaction *found)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGCHLD, &by_default, found);
}

int session_launch(struct session *session, char **command, char *error, size_t error_size)
{
	struct start start = {.session = session, .command = command, .go = {-1, -1}, .failed = {-1, -1}};
	int code;

	error[0] = 0;
	take_child_signals(&start.child_action);
	code = pipe2(start.go, O_CLOEXEC) || pipe2(start.failed, O_CLOEXEC) ? -errno : open_channels(session);
	if (!code)
		code = start_thread(&session->launched, trace_command, &start);
	if (!code)
		code = wait_until_settled(session, error, error_size);
	if (code && !error[0])
		snprintf(error, error_size, "cannot start %s: %s", command[0], strerror(-code));
	for (int i = 0; i < 2; i++) {
		if (start.go[i] >= 0)
			close(start.go[i]);
		if (start.failed[i] >= 0)
			close(start.failed[i]);
	}
	return code;
}

int session_follow(struct session *session, char *error, size_t error_size)
{
	struct sigaction found;
	int code;

	error[0] = 0;
	take_child_signals(&found);
	code = open_channels(session);
	if (!code)
		code = start_thread(&session->launched, trace_processes, session);
	if (!code)
		code = wait_until_settled(session, error, error_size);
	if (code && !error[0])
		snprintf(error, error_size, "cannot follow children: %s", strerror(-code));
	return code;
}

void session_let_go(struct session *session)
{
	struct launched *launched = &session->launched;

	if (!launched->has_thread)
		return;
	__atomic_store_n(&launched->leave, true, __ATOMIC_RELEASE);
	eventfd_write(launched->leave_fd, 1);
	pthread_join(launched->thread, NULL);
	launched->has_thread = false;
}

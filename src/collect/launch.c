// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting a command so that memtrace is its tracer before it runs anything. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/internal.h"
#include "collect/procfs.h"

static const long trace_options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT;

/* What the command must find as memtrace found it. */
struct inherited {
	sigset_t signals;
	struct sigaction pipe_action, child_action;
	struct rlimit files;
};

/* In the child; `go` and `failed` are pipes. Should memtrace end, the read ends too. */
static void run_child(char **command, const struct inherited *inherited, const int go[2], const int failed[2])
{
	char byte;
	int error;

	close(go[1]);
	close(failed[0]);
	if (read(go[0], &byte, 1) != 1)
		_exit(127);
	sigaction(SIGCHLD, &inherited->child_action, NULL);
	sigaction(SIGPIPE, &inherited->pipe_action, NULL);
	setrlimit(RLIMIT_NOFILE, &inherited->files);
	sigprocmask(SIG_SETMASK, &inherited->signals, NULL);
	execvp(command[0], command);
	error = errno;
	if (write(failed[1], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static int watch_children(struct session *session)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = EVENT_CHILD };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	session->child_signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session->child_signal_fd < 0)
		return -errno;
	if (epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, session->child_signal_fd, &event))
		return -errno;
	return 0;
}

int launch_handle(struct session *session, char *error, size_t error_size)
{
	struct signalfd_siginfo info;
	int code = 0, status;

	while (read(session->child_signal_fd, &info, sizeof(info)) > 0)
		;
	while (!code) {
		pid_t thread = waitpid(-1, &status, WNOHANG | __WALL);

		if (thread <= 0)
			break;
		if (WIFSTOPPED(status))
			code = tracer_stop(session, thread, status, error, error_size);
		else if (thread == session->launched.pid)
			tracer_ended(session, status);
	}
	if (code)
		tracer_give_up(session);
	return code;
}

static int wait_for_program(struct session *session, int failed, const char *name, char *error, size_t error_size)
{
	int status, exec_error = 0, code = 0;

	while (!session->launched.executing && !session->launched.ended && !code) {
		pid_t thread = waitpid(session->launched.pid, &status, __WALL);

		if (thread < 0) {
			code = -errno;
			snprintf(error, error_size, "cannot wait for %s: %s", name, strerror(-code));
		} else if (WIFSTOPPED(status)) {
			code = tracer_stop(session, thread, status, error, error_size);
		} else {
			tracer_ended(session, status);
		}
	}
	if (!session->launched.executing && read(failed, &exec_error, sizeof(exec_error)) == sizeof(exec_error)) {
		snprintf(error, error_size, "cannot execute %s: %s", name, strerror(exec_error));
		return -exec_error;
	}
	return code;
}

int session_launch(struct session *session, char **command, char *error, size_t error_size)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL }; /* ignored, it would not tell of stops */
	struct inherited inherited;
	int go[2] = { -1, -1 }, failed[2] = { -1, -1 }, code;
	sigset_t set;

	error[0] = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGCHLD, &by_default, &inherited.child_action);
	inherited.signals = session->options.command_signals;
	inherited.pipe_action = session->options.command_pipe_action;
	inherited.files = session->file_limit;
	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC)) {
		code = -errno;
		goto fail;
	}
	code = watch_children(session);
	if (code)
		goto fail;
	session->launched.pid = fork();
	if (session->launched.pid < 0) {
		code = -errno;
		goto fail;
	}
	if (session->launched.pid == 0)
		run_child(command, &inherited, go, failed);
	close(failed[1]);
	failed[1] = -1;
	if (ptrace(PTRACE_SEIZE, session->launched.pid, NULL, (void *)trace_options)) {
		code = -errno;
		goto fail;
	}
	if (write(go[1], "", 1) != 1) {
		code = -errno;
		goto fail;
	}
	code = wait_for_program(session, failed[0], command[0], error, error_size);
fail:
	if (code && !error[0])
		snprintf(error, error_size, "cannot start %s: %s", command[0], strerror(-code));
	if (code)
		tracer_give_up(session);
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (failed[i] >= 0)
			close(failed[i]);
	}
	return code;
}

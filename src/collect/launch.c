// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command that memtrace starts, and holds by ptrace(2) at the moments at which its
 * allocators appear: at an exec, and where the dynamic loader tells debuggers that it has
 * mapped libraries, before any constructor runs. There a program sends the thread a SIGSTOP,
 * which the command never gets to see.
 *
 * A tracer that dies lets its tracees go, but a signal that one was just being told of is
 * then delivered. So the stop is left at once for one that carries no signal
 * (PTRACE_INTERRUPT), and the libraries are looked at there.
 */
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

#define EVENT_OF(status) ((status) >> 16)

static const long trace_options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT;

/* What the command must find as memtrace found it. */
struct inherited {
	sigset_t signals;
	struct sigaction pipe_action;
	struct rlimit files;
};

static void run_child(char **command, const struct inherited *inherited, int go, int failed)
{
	char byte;
	int error;

	if (read(go, &byte, 1) != 1)
		_exit(127);
	sigaction(SIGPIPE, &inherited->pipe_action, NULL);
	setrlimit(RLIMIT_NOFILE, &inherited->files);
	sigprocmask(SIG_SETMASK, &inherited->signals, NULL);
	execvp(command[0], command);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
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

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static struct target *launched_target(struct session *session)
{
	for (size_t i = 0; i < session->n_targets; i++) {
		if (session->targets[i]->pid == session->launched.pid)
			return session->targets[i];
	}
	return NULL;
}

static void command_ended(struct session *session, int status)
{
	struct target *target = launched_target(session);

	session->launched.ended = true;
	session->launched.status = status_of(status);
	if (!target)
		return;
	target->ended = true;
	target->exit_status_known = true;
	target->exit_status = session->launched.status;
}

/* Libraries were mapped, or a program: take up what allocators there are. */
static int take_up(struct session *session, char *error, size_t error_size)
{
	struct target *target = launched_target(session);
	int code;

	if (!target)
		return 0;
	code = target_read_mappings(target);
	if (code == -ESRCH)
		return 0;
	if (code) {
		snprintf(error, error_size, "cannot read the mappings of process %d: %s", target->pid, strerror(-code));
		return code;
	}
	code = target_attach(target, error, error_size);
	if (code < 0)
		return code == -ESRCH ? 0 : code;
	/* glibc's loader says first that it will map libraries, then that it has; musl's says it once. */
	if (++session->launched.stops > 1 || target_loader_is_libc(target))
		target_start(target);
	return 0;
}

static bool by_main_thread(pid_t pid)
{
	unsigned long former = 0;

	return !ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former) && (pid_t)former == pid;
}

/* The program of an exec is mapped, and nothing of it has run. */
static int on_exec(struct session *session, char *error, size_t error_size)
{
	struct target *target = launched_target(session);
	int code = 0;

	events_consume(session);
	if (!target) {
		code = session_add_target(session, session->launched.pid, error, error_size);
		if (code)
			return code;
		target = session->targets[session->n_targets - 1];
		session->launched.executing = true;
		code = target_read_mappings(target);
		if (!code)
			code = target_check_program(target, error, error_size);
		if (code)
			return code;
		code = target_attach(target, error, error_size);
	} else {
		code = session_exec(session, target, by_main_thread(session->launched.pid));
	}
	if (code < 0) {
		if (!error[0])
			snprintf(error, error_size, "cannot attach to process %d: %s", target->pid, strerror(-code));
		return code;
	}
	session->launched.stops = 0;
	code = target_hook_loader(target);
	if (code == -ENOENT) { /* static: all of it is mapped */
		code = target_check_attached(target, error, error_size);
		if (!code)
			target_start(target);
	}
	return code;
}

static bool from_hook(pid_t thread)
{
	siginfo_t info;

	return !ptrace(PTRACE_GETSIGINFO, thread, NULL, &info) && info.si_code == SI_KERNEL;
}

/* A stop of a thread. 0 or -errno; the thread goes on in either case. */
static int on_stop(struct session *session, pid_t thread, int status, char *error, size_t error_size)
{
	struct launched *launched = &session->launched;
	int event = EVENT_OF(status), signal = WSTOPSIG(status), deliver = 0, code = 0;
	struct target *target;

	switch (event) {
	case PTRACE_EVENT_EXEC:
		code = on_exec(session, error, error_size);
		break;
	case PTRACE_EVENT_EXIT:
		target = launched_target(session);
		if (target && thread == launched->pid)
			target_read_mappings(target);
		break;
	case PTRACE_EVENT_STOP:
		if (thread == launched->holding) {
			launched->holding = 0;
			code = take_up(session, error, error_size);
		} else if (signal != SIGTRAP) { /* stopped by job control: stays so until SIGCONT */
			ptrace(PTRACE_LISTEN, thread, NULL, NULL);
			return 0;
		}
		break;
	case 0:
		deliver = signal;
		if (signal == SIGSTOP && from_hook(thread)) {
			deliver = 0;
			launched->holding = thread;
			ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
		}
		break;
	}
	ptrace(PTRACE_CONT, thread, NULL, (void *)(long)deliver);
	return code;
}

/* Ends a command of which nothing has run: what cannot be traced is not to run untraced. */
static void launch_give_up(struct session *session)
{
	struct launched *launched = &session->launched;
	struct target *target = launched_target(session);
	int status;

	if (launched->pid <= 0 || launched->ended || (target && target->started))
		return;
	kill(launched->pid, SIGKILL);
	while (waitpid(launched->pid, &status, __WALL) == launched->pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, launched->pid, NULL, NULL);
	launched->ended = true;
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
			code = on_stop(session, thread, status, error, error_size);
		else if (thread == session->launched.pid)
			command_ended(session, status);
	}
	if (code)
		launch_give_up(session);
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
			code = on_stop(session, thread, status, error, error_size);
		} else {
			command_ended(session, status);
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
	struct inherited inherited;
	int go[2] = { -1, -1 }, failed[2] = { -1, -1 }, code;
	sigset_t set;

	error[0] = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
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
		run_child(command, &inherited, go[0], failed[1]);
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
		launch_give_up(session);
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (failed[i] >= 0)
			close(failed[i]);
	}
	return code;
}

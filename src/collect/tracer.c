// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ptrace(2) stops of a command that memtrace started, and of all whose children are followed (follow.c).
 *
 * A process is held at the moments at which its allocators appear: at an exec, and where the dynamic
 * loader tells debuggers that it has mapped libraries, before any constructor runs. There a
 * program sends the thread a signal, which the command never gets to see.
 *
 * A tracer that dies lets its tracees go, but a signal that one was just being told of is
 * then delivered. So the stop is left at once for one that carries no signal
 * (PTRACE_INTERRUPT), and the libraries are looked at there.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect/internal.h"
#include "collect/procfs.h"

#define EVENT_OF(status) ((status) >> 16)
#define NS_PER_S 1000000000ULL
/* A thread in uninterruptible sleep (vfork) cannot be let go in order; it is when memtrace ends. */
#define LET_GO_NS (2 * NS_PER_S)
#define LET_GO_POLL_MS 10

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The target that the thread is of. */
static struct target *target_of(struct session *session, pid_t thread)
{
	struct target *target = held_target(session, thread);
	struct process_status status;

	if (target)
		return target;
	if (!session->options.follow_fork)
		return held_target(session, session->launched.pid);
	return procfs_status(thread, &status) ? NULL : held_target(session, status.thread_group);
}

/* Under -O: whether any of it was ever probed. */
static void check_named(struct session *session)
{
	char text[512];

	if (!session->options.n_objects || session->launched.any_attached || !session->launched.executing)
		return;
	snprintf(text, sizeof(text),
	         "the command never mapped %s, or it has no allocation function that memtrace knows",
	         session->options.objects[0]);
	session_unprobed(session, text);
}

void tracer_ended(struct session *session, pid_t pid, int status)
{
	struct launched *launched = &session->launched;
	struct target *target;

	session_lock(session);
	target = held_target(session, pid);
	if (target)
		session_target_ended(session, target, status_of(status));
	if (pid == launched->pid) {
		check_named(session);
		launched->ended = true;
		launched->status = status_of(status);
		launched->over |= !session->options.follow_fork;
	}
	follow_forget(session, pid);
	session_unlock(session);
}

/*
 * What came too late to stop the command for is told and counted, and so is all of a child. 0, or `code` while nothing
 * has counted yet.
 */
static int forgive(struct session *session, pid_t pid, struct target *target, int code, const char *error)
{
	if (code > 0 && error[0])
		session_unprobed(session, error);
	if (code >= 0 || code == -ESRCH)
		return 0;
	if (pid == session->launched.pid && !(target && target->started))
		return code;
	if (target && (target->started || !target->is_child)) {
		session_unprobed(session, error);
		return 0;
	}
	follow_not(session, pid, target, error);
	return 0;
}

/* Libraries were mapped, or a program: take up what allocators there are. */
static int take_up(struct session *session, struct target *target, char *error, size_t error_size)
{
	pid_t pid = target->pid;
	int code = target_read_mappings(target);

	if (code == -ESRCH)
		return 0;
	if (code) {
		snprintf(error, error_size, "cannot read the mappings of process %d: %s", pid, strerror(-code));
		return forgive(session, pid, target, code, error);
	}
	code = target_attach(target, error, error_size);
	session->launched.any_attached |= target->n_attached > 0;
	code = forgive(session, pid, target, code, error);
	if (code || held_target(session, pid) != target)
		return code;
	/* glibc's loader says first that it will map libraries, then that it has; musl's says it once. */
	if (++target->loader_stops > 1 || target_loader_is_libc(target))
		target_start(target);
	return 0;
}

static bool by_main_thread(pid_t pid)
{
	unsigned long former = 0;

	return !ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former) && (pid_t)former == pid;
}

/* The first program of a process: of the command, or of a child that borrowed its parent's memory until now. */
static int first_exec(struct session *session, pid_t pid, struct target **result, char *error, size_t error_size)
{
	struct target *target;
	int code = session_add_target(session, pid, &target, error, error_size);

	*result = target;
	if (code)
		return code;
	target->held = true;
	if (pid != session->launched.pid)
		target_set_child(target);
	else
		session->launched.executing = true;
	code = target_read_mappings(target);
	if (!code)
		code = target_check_program(target, error, error_size);
	if (!code)
		code = target_attach(target, error, error_size);
	return code;
}

static int next_exec(struct session *session, struct target *target, char *error, size_t error_size)
{
	target->holding = 0;
	target->loader_stops = 0;
	target->main_exits = false;
	target->exit_scan.done = false;
	target->started &= !target->is_child; /* of a child nothing is kept that another program did */
	return session_exec(session, target, by_main_thread(target->pid), error, error_size);
}

/* Of -O a child need not have mapped anything. */
static int check_attached(const struct target *target, char *error, size_t error_size)
{
	return target->is_child && target->tracing->n_named ? 0 : target_check_attached(target, error, error_size);
}

static int hook_loader(struct target *target, char *error, size_t error_size)
{
	int code = target_hook_loader(target, target->tracing->bpf->progs.loader_state);

	if (code == -ENOENT) { /* static: all of it is mapped */
		code = check_attached(target, error, error_size);
		if (!code || target->started)
			target_start(target);
	}
	return code;
}

/* The program of an exec is mapped, and nothing of it has run. */
static int on_exec(struct session *session, pid_t pid, char *error, size_t error_size)
{
	struct target *target = held_target(session, pid);
	int code;

	events_consume(session);
	error[0] = 0;
	if (!target)
		code = first_exec(session, pid, &target, error, error_size);
	else
		code = next_exec(session, target, error, error_size);
	reclaim_when_crowded(&session->reclaim, session->live); /* the event that says so may be among those handled */
	if (code >= 0) {
		forgive(session, pid, target, code, error);
		follow_forget(session, pid);
		error[0] = 0;
		session->launched.any_attached |= target->n_attached > 0;
		code = hook_loader(target, error, error_size);
	}
	if (code < 0 && !error[0])
		snprintf(error, error_size, "cannot attach to process %d: %s", pid, strerror(-code));
	return forgive(session, pid, target, code, error);
}

static bool is_hooks(const siginfo_t *info)
{
	return (info->si_signo == SIGCHLD || info->si_signo == SIGSTOP) && info->si_code == SI_KERNEL;
}

/* The signal that the thread is being told of is the hook's. */
static bool from_hook(pid_t thread)
{
	siginfo_t info;

	return !ptrace(PTRACE_GETSIGINFO, thread, NULL, &info) && is_hooks(&info);
}

/* The hook's signal waits for the thread. */
static bool hook_pending(pid_t thread)
{
	struct __ptrace_peeksiginfo_args arguments = {.nr = 1};
	siginfo_t info;

	while (ptrace(PTRACE_PEEKSIGINFO, thread, &arguments, &info) == 1) {
		if (is_hooks(&info))
			return true;
		arguments.off++;
	}
	return false;
}

/* PTRACE_O_TRACECLONE also attaches to processes that are made with an exit signal of their own. */
static bool is_commands(const struct session *session, pid_t thread)
{
	return thread == session->launched.pid || !syscall(SYS_tgkill, session->launched.pid, thread, 0) ||
	       errno != ESRCH;
}

/* A stop that carries no signal: also the first one of a thread or a child. */
static int on_trap(struct session *session, pid_t thread, int signal, char *error, size_t error_size)
{
	struct target *target;
	int code = 0;

	if (!session->options.follow_fork && !is_commands(session, thread)) {
		ptrace(PTRACE_DETACH, thread, NULL, NULL);
		return 0;
	}
	session_lock(session);
	if (session->options.follow_fork)
		follow_child(session, thread);
	target = target_of(session, thread);
	if (target && thread == target->holding) {
		target->holding = 0;
		code = take_up(session, target, error, error_size);
	}
	session_unlock(session);
	/* Stopped by job control, it stays so until SIGCONT. */
	ptrace(signal == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN, thread, NULL, NULL);
	return code;
}

/* A signal for the thread. */
static void on_signal(struct session *session, pid_t thread, int signal)
{
	if (from_hook(thread)) {
		struct target *target;

		session_lock(session);
		target = target_of(session, thread);
		if (target)
			target->holding = thread;
		session_unlock(session);
		signal = 0;
		ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
	}
	ptrace(PTRACE_CONT, thread, NULL, (void *)(long)signal);
}

/* Nothing else runs in the process than this thread, which ends, and a main thread that has ended. */
static bool last_one(pid_t thread)
{
	struct process_status status;

	return !procfs_status(thread, &status) && status.threads <= 2;
}

/*
 * A thread is about to end. With the main one mostly the process ends; where others run on, what was
 * learned then is learned anew with the last of them. True: it is held for a scan of its memory.
 */
static bool on_exit_of(struct session *session, pid_t thread)
{
	struct target *target = target_of(session, thread);
	bool main_thread = target && thread == target->pid;

	if (!target)
		return false;
	if (main_thread)
		target_read_mappings(target);
	if (main_thread || (target->main_exits && last_one(thread)))
		session_remember_places(session, target);
	target->main_exits |= main_thread;
	return exit_scan_hold(session, target, thread);
}

int tracer_stop(struct session *session, pid_t thread, int status, char *error, size_t error_size)
{
	bool held;
	int code = 0;

	switch (EVENT_OF(status)) {
	case 0:
		on_signal(session, thread, WSTOPSIG(status));
		return 0;
	case PTRACE_EVENT_STOP:
		return on_trap(session, thread, WSTOPSIG(status), error, error_size);
	case PTRACE_EVENT_EXEC:
		if (!session->options.follow_fork && thread != session->launched.pid)
			break;
		session_lock(session);
		code = on_exec(session, thread, error, error_size);
		session_unlock(session);
		break;
	case PTRACE_EVENT_EXIT:
		session_lock(session);
		held = on_exit_of(session, thread);
		session_unlock(session);
		if (held)
			return 0;
		break;
	}
	ptrace(PTRACE_CONT, thread, NULL, NULL);
	return code;
}

/* Ends a command of which nothing has run: what cannot be traced is not to run untraced. */
void tracer_give_up(struct session *session)
{
	struct launched *launched = &session->launched;
	struct target *target;
	bool started;
	int status;

	session_lock(session);
	target = held_target(session, launched->pid);
	started = target && target->started;
	session_unlock(session);
	if (launched->pid <= 0 || launched->ended || started)
		return;
	kill(launched->pid, SIGKILL);
	while (waitpid(launched->pid, &status, __WALL) == launched->pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, launched->pid, NULL, NULL);
	launched->ended = launched->over = true;
}

/* Asks every thread to stop. How many of them are tracees still. */
static size_t interrupt_threads(pid_t pid)
{
	struct dirent *entry;
	size_t n = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		struct process_status status;
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || procfs_status(thread, &status) || status.state == 'Z' || status.state == 'X')
			continue;
		n += !ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
	}
	if (directory)
		closedir(directory);
	return n;
}

/* A stopped thread goes on as if memtrace had not been there. */
static void let_go(pid_t thread, int status)
{
	long signal = EVENT_OF(status) || from_hook(thread) ? 0 : WSTOPSIG(status);

	/* The hook's signal has to be seen to be taken away. */
	ptrace(hook_pending(thread) ? PTRACE_CONT : PTRACE_DETACH, thread, NULL, (void *)signal);
}

/* Of all processes that memtrace is the tracer of. */
static size_t interrupt_all(struct session *session)
{
	const struct bare *bare = &session->launched.bare;
	size_t n = 0;

	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		const struct target *target = session->targets[i];

		if (target && target->held && !target->ended)
			n += interrupt_threads(target->pid);
	}
	for (size_t i = 0; i < bare->n; i++)
		n += interrupt_threads(bare->pids[i]);
	if (!held_target(session, session->launched.pid) && !session->launched.ended)
		n += interrupt_threads(session->launched.pid);
	session_unlock(session);
	return n;
}

static void unhook_all(struct session *session)
{
	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		if (session->targets[i] && session->targets[i]->held)
			target_unhook_loader(session->targets[i]);
	}
	session_unlock(session);
}

/* Every stop that there is now. */
static void let_go_stopped(struct session *session)
{
	struct signalfd_siginfo info;
	pid_t thread;
	int status;

	while (read(session->child_signal_fd, &info, sizeof(info)) > 0)
		;
	while ((thread = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (WIFSTOPPED(status))
			let_go(thread, status);
		else
			tracer_ended(session, thread, status);
	}
}

void tracer_let_go(struct session *session)
{
	struct launched *launched = &session->launched;
	uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + LET_GO_NS;
	struct pollfd children = {.fd = session->child_signal_fd, .events = POLLIN};

	if (launched->over || launched->let_go)
		return;
	unhook_all(session);
	/* Processes that ran before are not to be interrupted: they are let go when the thread ends. */
	if (!launched->pid)
		let_go_stopped(session);
	while (launched->pid && !launched->over && interrupt_all(session) && clock_ns(CLOCK_MONOTONIC) < deadline) {
		poll(&children, 1, LET_GO_POLL_MS);
		let_go_stopped(session);
	}
	launched->let_go = true;
	session_lock(session);
	check_named(session);
	session_unlock(session);
}

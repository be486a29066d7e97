// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scans of processes that memtrace is the tracer of already, by the thread that is it.
 *
 * The threads of one process are interrupted, and what stops meanwhile of others is served as ever: the process may
 * wait for it (vfork(2)). What its own threads stop for is kept, and served as if it had just come once the scan is
 * over: an interrupt, a signal, a fork, its end. So a scan changes nothing of what the tracer sees.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect/internal.h"
#include "collect/procfs.h"
#include "collect/scan.h"
#include "util/grow.h"

#define EVENT_OF(status) ((status) >> 16)
#define FIRST_PAUSE_NS 20000
#define LAST_PAUSE_NS 2000000
/* Processes that end are scanned before others, but these do not wait for them any longer. */
#define WAIT_NS 2000000000ULL

struct held_thread {
	pid_t thread;
	int status; /* of waitpid(2), once it has one */
	bool has_status;
};

/* A process that is brought to stand still. */
struct hold {
	struct session *session;
	pid_t pid;
	struct held_thread *threads;
	size_t n_threads;
	int fatal; /* why the tracer cannot go on: -errno, and a line */
	char *error;
	size_t error_size;
};

/* Who is to be scanned; others have its slot, perhaps, when it stands. */
struct asked {
	pid_t pid;
	uint64_t number;
	bool is_child;
	int code; /* of what comes before it is stopped */
};

static struct held_thread *find_thread(const struct hold *hold, pid_t thread)
{
	for (size_t i = 0; i < hold->n_threads; i++) {
		struct held_thread *held = &hold->threads[i];

		if (held->thread == thread && !(held->has_status && !WIFSTOPPED(held->status)))
			return held;
	}
	return NULL;
}

static struct held_thread *add_thread(struct hold *hold, pid_t thread)
{
	if (grow_list((void **)&hold->threads, hold->n_threads, sizeof(*hold->threads)))
		return NULL;
	hold->threads[hold->n_threads] = (struct held_thread){.thread = thread};
	return &hold->threads[hold->n_threads++];
}

/* 1: a thread more, 0: it ends, or -errno. */
static int interrupt(struct hold *hold, pid_t thread)
{
	struct process_status status;
	int error;

	if (!ptrace(PTRACE_INTERRUPT, thread, NULL, NULL))
		return add_thread(hold, thread) ? 1 : -ENOMEM;
	error = -errno;
	if (procfs_status(thread, &status) || status.state == 'Z' || status.state == 'X')
		return 0;
	return status.tracer == gettid() ? error : -EPERM;
}

/* How many threads were new, or -errno. */
static int interrupt_new(struct hold *hold)
{
	struct dirent *entry;
	int n = 0, code = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", hold->pid);
	directory = opendir(path);
	while (directory && code >= 0 && (entry = readdir(directory))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || find_thread(hold, thread))
			continue;
		code = interrupt(hold, thread);
		n += code > 0;
	}
	if (directory)
		closedir(directory);
	return code < 0 ? code : n;
}

static void serve(struct hold *hold, pid_t thread, int status)
{
	int code = 0;

	if (WIFSTOPPED(status))
		code = tracer_stop(hold->session, thread, status, hold->error, hold->error_size);
	else
		tracer_ended(hold->session, thread, status);
	hold->fatal = hold->fatal ? hold->fatal : code;
}

/* The thread is the process's, perhaps a new one. */
static struct held_thread *own_thread(struct hold *hold, pid_t thread, int status)
{
	struct held_thread *held = find_thread(hold, thread);
	struct process_status now;

	if (held || !WIFSTOPPED(status) || procfs_status(thread, &now) || now.thread_group != hold->pid)
		return held;
	return add_thread(hold, thread);
}

/* The other threads are gone with the program, and so is the name of the one that called it. */
static void keep_exec(struct hold *hold, pid_t thread, int status)
{
	hold->threads[0] = (struct held_thread){.thread = thread, .status = status, .has_status = true};
	hold->n_threads = 1;
}

/* Every stop that there is now: the process's own are kept. 0, or -errno, which is `fatal`. */
static int take_stops(struct hold *hold)
{
	int status;
	pid_t thread;

	while (!hold->fatal && (thread = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		struct held_thread *held = own_thread(hold, thread, status);

		if (held && WIFSTOPPED(status) && EVENT_OF(status) == PTRACE_EVENT_EXEC) {
			keep_exec(hold, thread, status);
		} else if (held) {
			held->status = status;
			held->has_status = true;
		} else {
			serve(hold, thread, status);
		}
	}
	return hold->fatal;
}

static bool all_stand(const struct hold *hold)
{
	for (size_t i = 0; i < hold->n_threads; i++) {
		if (!hold->threads[i].has_status)
			return false;
	}
	return true;
}

static int wait_until_all_stand(struct hold *hold, uint64_t deadline_ns)
{
	uint64_t pause_ns = FIRST_PAUSE_NS;

	for (;;) {
		struct timespec pause = {.tv_nsec = (long)pause_ns};
		int code = take_stops(hold);

		if (code || all_stand(hold))
			return code;
		if (clock_ns(CLOCK_MONOTONIC) >= deadline_ns)
			return -ETIME;
		nanosleep(&pause, NULL);
		if (pause_ns < LAST_PAUSE_NS)
			pause_ns *= 2;
	}
}

/* 0 or -errno: -ETIME after the deadline. go_on() must follow in any case. */
static int stop_all(struct hold *hold, uint64_t deadline_ns)
{
	for (;;) {
		int n = interrupt_new(hold), code;

		if (n <= 0)
			return n;
		code = wait_until_all_stand(hold, deadline_ns);
		if (code)
			return code;
	}
}

/* Threads that stand; 0 where the process has just become another program, or ended. */
static size_t list_standing(const struct hold *hold, pid_t *threads)
{
	size_t n = 0;

	for (size_t i = 0; i < hold->n_threads; i++) {
		const struct held_thread *held = &hold->threads[i];

		if (!held->has_status || !WIFSTOPPED(held->status))
			continue;
		if (EVENT_OF(held->status) == PTRACE_EVENT_EXEC)
			return 0;
		threads[n++] = held->thread;
	}
	return n;
}

/* What the threads have stopped for is served; those that have not yet come to stand are, too, when they do. */
static void go_on(struct hold *hold)
{
	for (size_t i = 0; i < hold->n_threads; i++) {
		if (hold->threads[i].has_status)
			serve(hold, hold->threads[i].thread, hold->threads[i].status);
	}
	free(hold->threads);
}

static int look(const struct hold *hold, struct scanning *scanning, const struct asked *asked, uint64_t deadline_ns)
{
	const struct target *target;
	pid_t *threads = calloc(hold->n_threads + 1, sizeof(*threads));
	size_t n = threads ? list_standing(hold, threads) : 0;
	int code = threads ? -ESRCH : -ENOMEM;

	session_lock(hold->session);
	target = held_target(hold->session, hold->pid);
	if (n && target && target->number == asked->number)
		code = scanning_look(scanning, threads, n, deadline_ns);
	session_unlock(hold->session);
	free(threads);
	return code;
}

static int settle(struct session *session, struct scanning *scanning, const struct asked *asked, uint64_t pause_ns)
{
	const struct target *target;
	int code = -ESRCH;

	session_lock(session);
	target = held_target(session, asked->pid);
	if (target && target->number == asked->number)
		code = scanning_settle(scanning, pause_ns);
	session_unlock(session);
	return code;
}

/* 0, or -errno with one line in `why`; -ESRCH: it has just ended. The tracer's own errors are left in `fatal`. */
static int stop_and_look(struct session *session, const struct asked *asked, struct scanning *scanning, char *why,
                         size_t why_size, struct hold *hold)
{
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), deadline_ns = start_ns + session->options.max_pause_ns;
	int code = stop_all(hold, deadline_ns);

	if (!code)
		code = look(hold, scanning, asked, deadline_ns);
	else if (code == -ETIME)
		snprintf(why, why_size,
		         "cannot stop process %d in time: it goes on running; allow more with --max-pause", asked->pid);
	go_on(hold);
	return code ? code : settle(session, scanning, asked, clock_ns(CLOCK_MONOTONIC) - start_ns);
}

/* The next target in order of slots that is to be scanned, and its scan; false: there is none. */
static bool next_asked(struct session *session, size_t *slot, struct asked *asked, struct scanning **scanning)
{
	bool found = false;

	session_lock(session);
	for (; *slot < session->n_targets && !found; ++*slot) {
		struct target *target = session->targets[*slot];

		/* One that ends is scanned for that, or has been. */
		if (!target || !target->held || target->ended || target->exit_scan.n_threads ||
		    target->exit_scan.done || target->number >= session->launched.scan.n_added)
			continue;
		*asked = (struct asked){.pid = target->pid, .number = target->number, .is_child = target->is_child};
		asked->code = scanning_new(session, target, 0, scanning);
		found = true;
	}
	session_unlock(session);
	return found;
}

/* Of a child it is told that it could not be scanned; of a process that was asked for it is an error. */
static void say_why(struct session *session, const struct asked *asked, int code, const char *why)
{
	struct scan_request *request = &session->launched.scan;

	if (!code || code == -ESRCH)
		return;
	session_lock(session);
	if (asked->is_child)
		session_tell(session, why);
	else if (!request->code)
		snprintf(request->error, sizeof(request->error), "%s", why);
	if (!asked->is_child)
		request->code = code;
	session_unlock(session);
}

static bool is_asked(struct session *session, bool idle)
{
	struct scan_request *request = &session->launched.scan;
	bool asked;

	session_lock(session);
	asked = request->wanted && (idle || clock_ns(CLOCK_MONOTONIC) - request->wanted_ns >= WAIT_NS);
	session_unlock(session);
	return asked;
}

int scan_held_serve(struct session *session, bool idle, char *error, size_t error_size)
{
	struct scanning *scanning;
	struct asked asked;
	size_t slot = 0;
	int fatal = 0;

	if (!is_asked(session, idle))
		return 0;
	while (!fatal && next_asked(session, &slot, &asked, &scanning)) {
		struct hold hold = {.session = session, .pid = asked.pid, .error = error, .error_size = error_size};
		char why[512] = "";
		int code = asked.code;

		if (!code)
			code = stop_and_look(session, &asked, scanning, why, sizeof(why), &hold);
		fatal = hold.fatal;
		scan_say_why(asked.pid, scanning, code, why, sizeof(why));
		say_why(session, &asked, code, why);
		scanning_free(scanning);
	}
	session_lock(session);
	session->launched.scan.wanted = false;
	pthread_cond_signal(&session->launched.changed);
	session_unlock(session);
	return fatal;
}

int scan_ask_tracer(struct session *session, char *error, size_t error_size)
{
	struct launched *launched = &session->launched;

	launched->scan =
	    (struct scan_request){.wanted = true, .wanted_ns = clock_ns(CLOCK_MONOTONIC), .n_added = session->n_added};
	eventfd_write(launched->leave_fd, 1);
	while (launched->scan.wanted && !launched->left)
		pthread_cond_wait(&launched->changed, &session->lock);
	if (launched->left && launched->code)
		snprintf(error, error_size, "%s", launched->error);
	else if (launched->scan.code)
		snprintf(error, error_size, "%s", launched->scan.error);
	return launched->left ? launched->code : launched->scan.code;
}

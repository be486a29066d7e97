// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every thread is seized before the first is interrupted, so that they stand still for no longer than needed. A
 * thread that makes another one while its siblings are being seized is why the list is read until nothing is new
 * in it. ptrace(2), "Attaching and detaching", "Group-stop".
 */
#include "collect/freeze.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "collect/internal.h"
#include "collect/procfs.h"
#include "util/grow.h"

#define EVENT_OF(status) ((status) >> 16)
#define FIRST_PAUSE_NS 20000
#define LAST_PAUSE_NS 2000000
#define LET_GO_NS 2000000000ULL

static bool known(const struct freeze *freeze, pid_t thread)
{
	for (size_t i = 0; i < freeze->n_threads; i++) {
		if (freeze->threads[i].thread == thread && !freeze->threads[i].ended)
			return true;
	}
	return false;
}

/* Seizes a thread and takes it on the list. 1: it is new; 0: it has ended; or -errno. */
static int seize(struct freeze *freeze, pid_t thread)
{
	int error = grow_list((void **)&freeze->threads, freeze->n_threads, sizeof(*freeze->threads));
	struct process_status status;

	if (error)
		return error;
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL)) {
		error = -errno;
		/* One that is on its way out cannot be seized either. */
		if (procfs_status(thread, &status) || status.state == 'Z' || status.state == 'X')
			return 0;
		return error;
	}
	freeze->threads[freeze->n_threads++] = (struct frozen_thread){.thread = thread};
	return 1;
}

/* Seizes all threads that are not seized yet. How many, or -errno. */
static int seize_new(struct freeze *freeze)
{
	struct dirent *entry;
	char path[64];
	DIR *directory;
	int n = 0, error = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", freeze->pid);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while (error >= 0 && (entry = readdir(directory))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || known(freeze, thread))
			continue;
		error = seize(freeze, thread);
		n += error > 0;
	}
	closedir(directory);
	return error < 0 ? error : n;
}

/* A status of waitpid(2): does the thread stand still now, or has it ended? */
static void take_status(struct frozen_thread *thread, int status)
{
	if (!WIFSTOPPED(status)) {
		thread->ended = true;
		return;
	}
	thread->stopped = true;
	/* Told of a signal; the interrupt that waits behind it goes when the thread is let go. */
	if (!EVENT_OF(status))
		thread->signal = WSTOPSIG(status);
}

/* True when all stand still that have not ended. */
static bool all_stopped(struct freeze *freeze)
{
	bool all = true;

	for (size_t i = 0; i < freeze->n_threads; i++) {
		struct frozen_thread *thread = &freeze->threads[i];
		int status;
		pid_t result;

		if (thread->stopped || thread->ended)
			continue;
		result = waitpid(thread->thread, &status, WNOHANG | __WALL);
		if (result == thread->thread)
			take_status(thread, status);
		else if (result < 0)
			thread->ended = true;
		all &= thread->stopped || thread->ended;
	}
	return all;
}

static int wait_until_stopped(struct freeze *freeze, uint64_t deadline_ns)
{
	uint64_t pause_ns = FIRST_PAUSE_NS;

	while (!all_stopped(freeze)) {
		struct timespec pause = {.tv_nsec = (long)pause_ns};

		if (clock_ns(CLOCK_MONOTONIC) >= deadline_ns)
			return -ETIME;
		nanosleep(&pause, NULL);
		if (pause_ns < LAST_PAUSE_NS)
			pause_ns *= 2;
	}
	return 0;
}

static int stop_all(struct freeze *freeze, uint64_t deadline_ns)
{
	size_t interrupted = 0;

	for (;;) {
		int n = seize_new(freeze), error;

		if (n <= 0)
			return n;
		for (; interrupted < freeze->n_threads; interrupted++)
			ptrace(PTRACE_INTERRUPT, freeze->threads[interrupted].thread, NULL, NULL);
		error = wait_until_stopped(freeze, deadline_ns);
		if (error)
			return error;
	}
}

/* A thread that does not stop waits for something in the kernel that no signal ends. */
static void say_why(const struct freeze *freeze, int code, char *error, size_t error_size)
{
	pid_t thread = freeze->pid;

	for (size_t i = 0; i < freeze->n_threads; i++) {
		if (!freeze->threads[i].stopped && !freeze->threads[i].ended)
			thread = freeze->threads[i].thread;
	}
	if (code == -ETIME)
		snprintf(error, error_size,
		         "cannot stop thread %d of process %d in time: it goes on running; allow more with --max-pause",
		         thread, freeze->pid);
	else if (code == -EPERM)
		snprintf(error, error_size,
		         "cannot stop process %d: %s; is a debugger attached, or CAP_SYS_PTRACE missing?", freeze->pid,
		         strerror(-code));
	else
		snprintf(error, error_size, "cannot stop process %d: %s", freeze->pid, strerror(-code));
}

int freeze_begin(struct freeze *freeze, pid_t pid, uint64_t deadline_ns, char *error, size_t error_size)
{
	int code;

	*freeze = (struct freeze){.pid = pid};
	code = stop_all(freeze, deadline_ns);
	if (code) {
		say_why(freeze, code, error, error_size);
		freeze_end(freeze);
	}
	return code;
}

static void let_go(struct frozen_thread *thread)
{
	if (thread->stopped && !thread->ended)
		ptrace(PTRACE_DETACH, thread->thread, NULL, (void *)(long)thread->signal);
	thread->ended = true;
}

/* A thread can be detached from only once it has stopped. One that does not is let go when memtrace ends. */
void freeze_end(struct freeze *freeze)
{
	for (size_t i = 0; i < freeze->n_threads; i++) {
		if (freeze->threads[i].stopped)
			let_go(&freeze->threads[i]);
	}
	wait_until_stopped(freeze, clock_ns(CLOCK_MONOTONIC) + LET_GO_NS);
	for (size_t i = 0; i < freeze->n_threads; i++)
		let_go(&freeze->threads[i]);
	free(freeze->threads);
	*freeze = (struct freeze){.pid = freeze->pid};
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process ends when a thread calls exit_group(2), when a signal kills it, or with its last thread. Until the last
 * of its threads is gone from it the memory stays; what each had in its registers is known while it is held.
 *
 * At an exec from among several threads the others end, too, and the one that calls it waits for them: they are not
 * held.
 */
#include "collect/exit_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "collect/internal.h"
#include "collect/procfs.h"
#include "collect/registers.h"
#include "collect/scan.h"
#include "util/grow.h"

#define WAIT_NS 2000000000ULL

/* What is left of a process's threads. */
struct rest {
	bool executes; /* one of them is in execve(2) */
	size_t n_ended;
	size_t n_running; /* neither ended nor held */
};

static bool is_held(const struct exit_scan *scan, pid_t thread)
{
	for (size_t i = 0; i < scan->n_threads; i++) {
		if (scan->threads[i] == thread)
			return true;
	}
	return false;
}

/* The number of the system call that a thread waits in; -1: none, or it cannot be told. */
static long syscall_of(pid_t process, pid_t thread)
{
	long number = -1;
	char path[64], line[256], *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", process, thread);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fgets(line, sizeof(line), file)) {
		number = strtol(line, &end, 10);
		if (end == line)
			number = -1;
	}
	fclose(file);
	return number;
}

static struct rest rest_of(const struct exit_scan *scan, pid_t process)
{
	struct rest rest = {.executes = false};
	struct dirent *entry;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		struct process_status status;
		long number;

		if (thread <= 0 || is_held(scan, thread))
			continue;
		if (procfs_status(thread, &status) || status.state == 'Z' || status.state == 'X') {
			rest.n_ended++;
			continue;
		}
		number = syscall_of(process, thread);
		rest.executes |= number == SYS_execve || number == SYS_execveat;
		rest.n_running++;
	}
	if (directory)
		closedir(directory);
	return rest;
}

/* The thread ends by itself alone: it has called exit(2), and no signal kills it. */
static bool leaves_alone(pid_t thread)
{
	unsigned long code = 0;
	long number;

	if (ptrace(PTRACE_GETEVENTMSG, thread, NULL, &code) || code & 0x7f)
		return false;
	return !registers_syscall(thread, &number) && number == SYS_exit;
}

bool exit_scan_hold(struct session *session, struct target *target, pid_t thread)
{
	struct exit_scan *scan = &target->exit_scan;
	struct rest rest;

	if (!session->options.scan_at_exit || scan->done || is_held(scan, thread))
		return false;
	rest = rest_of(scan, target->pid);
	/* The thread itself is among those that run. */
	if (rest.executes || (leaves_alone(thread) && rest.n_running > 1))
		return false;
	if (grow_list((void **)&scan->threads, scan->n_threads, sizeof(*scan->threads)))
		return false;
	if (!scan->n_threads)
		scan->deadline_ns = clock_ns(CLOCK_MONOTONIC) + WAIT_NS;
	scan->threads[scan->n_threads++] = thread;
	return true;
}

static void let_go(struct exit_scan *scan)
{
	for (size_t i = 0; i < scan->n_threads; i++)
		ptrace(PTRACE_CONT, scan->threads[i], NULL, NULL);
	scan->n_threads = 0;
}

/* Scans, and lets all go, once nothing is left to be waited for. False: it is to be looked at again soon. */
static bool step(struct session *session, struct target *target)
{
	struct exit_scan *scan = &target->exit_scan;
	struct rest rest = rest_of(scan, target->pid);
	char error[512];

	if (!rest.executes) {
		if (rest.n_running && clock_ns(CLOCK_MONOTONIC) < scan->deadline_ns)
			return false;
		if (scan_stopped(session, target, scan->threads, scan->n_threads, error, sizeof(error)))
			session_tell(session, error);
		scan->done = true;
	}
	let_go(scan);
	return true;
}

bool exit_scan_step(struct session *session)
{
	bool done = true;

	session_lock(session);
	for (size_t i = 0; i < session->n_targets; i++) {
		struct target *target = session->targets[i];

		if (target && target->exit_scan.n_threads)
			done &= step(session, target);
	}
	session_unlock(session);
	return done;
}

void exit_scan_clear(struct exit_scan *scan)
{
	free(scan->threads);
	*scan = (struct exit_scan){.threads = NULL};
}

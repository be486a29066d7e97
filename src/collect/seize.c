// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Becoming the tracer of processes that run, whose children are to be followed: of each thread, without
 * stopping any. New threads come along by themselves once those are traced that make them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "collect/internal.h"
#include "collect/procfs.h"

/* 1: a thread more, 0: it is traced already or ends, or -errno. */
static int seize_thread(pid_t thread, long options)
{
	struct process_status status;
	int error;

	if (!ptrace(PTRACE_SEIZE, thread, NULL, (void *)options))
		return 1;
	error = -errno;
	if (error == -ESRCH || procfs_status(thread, &status) || status.state == 'Z' || status.state == 'X')
		return 0;
	return status.tracer == gettid() ? 0 : error;
}

/* How many threads were found that were not traced, or -errno. */
static int seize_threads(pid_t pid, long options)
{
	struct dirent *entry;
	int n = 0, code = 0;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	while (directory && code >= 0 && (entry = readdir(directory))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		code = thread > 0 ? seize_thread(thread, options) : 0;
		n += code > 0;
	}
	if (directory)
		closedir(directory);
	return code < 0 ? code : n;
}

static void explain(pid_t pid, int code, char *error, size_t error_size)
{
	struct process_status status;

	if (!procfs_status(pid, &status) && status.tracer)
		snprintf(
		    error, error_size,
		    "cannot follow the children of process %d: process %d is its tracer (a debugger?); end that, or "
		    "leave out --follow-fork",
		    pid, status.tracer);
	else
		snprintf(error, error_size, "cannot follow the children of process %d: %s (CAP_SYS_PTRACE is needed)",
		         pid, strerror(-code));
}

int seize_process(pid_t pid, long options, char *error, size_t error_size)
{
	int n;

	do {
		n = seize_threads(pid, options);
	} while (n > 0);
	if (n < 0)
		explain(pid, n, error, error_size);
	return n;
}

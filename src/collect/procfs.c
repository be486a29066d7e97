// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/features.h"

/* The number of a line of /proc/PID/status, if it is the line of that name. */
static void read_field(const char *line, const char *name, int *number)
{
	size_t length = strlen(name);

	if (!strncmp(line, name, length))
		*number = (int)strtol(line + length, NULL, 10);
}

/* Of IDs by namespace, outermost first. */
static pid_t last_number(const char *text)
{
	long number = 0;
	char *end;

	for (long next = strtol(text, &end, 10); end != text; next = strtol(text, &end, 10)) {
		number = next;
		text = end;
	}
	return (pid_t)number;
}

/* Of user IDs: real, effective, saved, for files. */
static uid_t second_number(const char *text)
{
	char *end;

	strtoul(text, &end, 10);
	return (uid_t)strtoul(end, NULL, 10);
}

int procfs_status(pid_t pid, struct process_status *status)
{
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *file;

	memset(status, 0, sizeof(*status));
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	while (getline(&line, &size, file) >= 0) {
		if (!strncmp(line, "State:\t", 7))
			status->state = line[7];
		else if (!strncmp(line, "VmSize:", 7))
			status->has_memory = 1;
		else if (!strncmp(line, "NStgid:", 7))
			status->pid_inside = last_number(line + 7);
		else if (!strncmp(line, "Uid:", 4))
			status->owner = second_number(line + 4);
		read_field(line, "Tgid:", &status->thread_group);
		read_field(line, "TracerPid:", &status->tracer);
		read_field(line, "PPid:", &status->parent);
		read_field(line, "Threads:", &status->threads);
		read_field(line, "Seccomp:", &status->seccomp);
	}
	free(line);
	fclose(file);
	return status->state ? 0 : -ESRCH;
}

void procfs_comm(pid_t pid, char comm[17])
{
	char path[64];
	FILE *file;
	size_t n;

	comm[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	n = fread(comm, 1, 16, file);
	comm[n] = 0;
	if (n && comm[n - 1] == '\n')
		comm[n - 1] = 0;
	fclose(file);
}

char *procfs_exe(pid_t pid)
{
	static const char deleted[] = " (deleted)";
	char path[64], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return NULL;
	target[n] = 0;
	if ((size_t)n >= sizeof(deleted) && !strcmp(target + n - (sizeof(deleted) - 1), deleted))
		target[n - (sizeof(deleted) - 1)] = 0;
	return strdup(target);
}

pid_t procfs_live_thread(pid_t pid)
{
	struct process_status status;
	struct dirent *entry;
	char path[64];
	pid_t found = 0;
	DIR *directory;

	if (!procfs_status(pid, &status) && status.state != 'Z' && status.state != 'X')
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	if (!directory)
		return 0;
	while (!found && (entry = readdir(directory))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread > 0 && !procfs_status(thread, &status) && status.state != 'Z' && status.state != 'X')
			found = thread;
	}
	closedir(directory);
	return found;
}

int procfs_check_traceable(pid_t pid, char *error, size_t error_size)
{
	struct process_status status;
	char *exe;

	if (pid == getpid()) {
		snprintf(error, error_size, "process %d is memtrace itself; name another one", pid);
		return -EINVAL;
	}
	if (procfs_status(pid, &status)) {
		snprintf(error, error_size,
		         "no such process: %d (check the PID; it is the one of memtrace's own namespace)", pid);
		return -ESRCH;
	}
	if (status.thread_group != pid) {
		snprintf(error, error_size, "%d is a thread of process %d; trace that one: -p %d", pid,
		         status.thread_group, status.thread_group);
		return -EINVAL;
	}
	if (!procfs_live_thread(pid)) {
		snprintf(error, error_size, "process %d is a zombie: it has ended and waits for its parent", pid);
		return -ESRCH;
	}
	exe = procfs_exe(pid);
	if (!exe && !status.has_memory && status.state != 'Z') {
		snprintf(error, error_size, "process %d is a kernel thread: it has no memory of its own to trace", pid);
		return -EINVAL;
	}
	free(exe);
	if (status.seccomp == 2 && !feature_present(FEATURE_SECCOMP_URETPROBE)) {
		snprintf(error, error_size,
		         "process %d has a seccomp filter, which on this kernel could kill it at a return probe; "
		         "Linux before 6.11 or from 6.14 on can trace it",
		         pid);
		return -ENOTSUP;
	}
	return 0;
}

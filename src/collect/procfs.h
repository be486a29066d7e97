/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a process: may it be traced, and what is it called. */
#ifndef MEMTRACE_COLLECT_PROCFS_H
#define MEMTRACE_COLLECT_PROCFS_H

#include <stddef.h>
#include <sys/types.h>

struct process_status {
	char state;         /* as in proc_pid_status(5): R S D T t Z X */
	pid_t thread_group; /* its process, if pid is that of a thread */
	int threads;        /* of its process; a main thread that has ended counts until all have */
	int seccomp;        /* 0 none, 1 strict, 2 filter */
	int has_memory;     /* kernel threads and zombies have none */
	pid_t pid_inside;   /* the process's ID in its innermost PID namespace; 0: not known */
	uid_t owner;        /* effective user */
	pid_t tracer;       /* thread; 0: none */
	pid_t parent;
};

/* 0, or -ESRCH when there is no such process. */
int procfs_status(pid_t pid, struct process_status *status);

/* The short name, at most 16 bytes and NUL. "" when it cannot be read. */
void procfs_comm(pid_t pid, char comm[17]);

/* Where /proc/PID/exe leads, " (deleted)" removed; NULL when it cannot be read. The caller frees. */
char *procfs_exe(pid_t pid);

/* A thread of the process that lives still: the process ID itself if its leader does. 0: none. */
pid_t procfs_live_thread(pid_t pid);

/* 0 if the process can be traced, or -errno with one line in `error` on why not. */
int procfs_check_traceable(pid_t pid, char *error, size_t error_size);

#endif

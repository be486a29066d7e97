/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tracing session: the loaded programs, the processes traced, and what is known of them.
 * One thread runs it; a command that it started has a tracer thread of its own, inside.
 */
#ifndef MEMTRACE_COLLECT_SESSION_H
#define MEMTRACE_COLLECT_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/snapshot.h"

struct session_options {
	uint64_t max_memory_bytes; /* of the tables, kernel side included */
	uint64_t min_size_bytes, max_size_bytes;
	bool size_filter;
	int node;                 /* blocks on this NUMA node alone; -1: on all */
	unsigned int stack_depth; /* frames */
	uint64_t max_pause_ns;    /* that a process may stand still for a scan */
	bool no_stop;             /* it does not stand still */
	bool scan_at_exit;        /* of the command */
	bool frame_pointers;      /* stacks by them alone, whatever the kernel can do */
	bool follow_fork;         /* children are traced too */
	bool keep_blocks;         /* snapshots are asked for with blocks */
	bool churns;              /* what becomes of blocks is counted (model/churn.h) */
	const char *backend;      /* NULL: the best the kernel has */
	char **objects;           /* -O */
	size_t n_objects;
	/* What a command started is to have as if memtrace were not there. */
	sigset_t command_signals;
	struct sigaction command_pipe_action;
	/* 0: by max_memory_bytes */
	uint64_t live_table_slots, stack_table_rows, event_buffer_bytes, unwind_table_bytes, ended_bytes;
};

struct session;

/*
 * The backend that these processes need, NULL for the best one: where the main thread has
 * ended, multi links find the process by it and see nothing; perf uprobes take a live thread.
 */
const char *session_backend_for(const pid_t *pids, size_t n);

/* Loads the programs. 0, or -errno with one line in `error`. */
int session_new(const struct session_options *options, struct session **result, char *error, size_t error_size);
/* Detaches everything; traced processes go on. */
void session_free(struct session *session);

/* Attaches to a running process. 0, or -errno with one line in `error`. */
int session_add_process(struct session *session, pid_t pid, char *error, size_t error_size);

/*
 * Starts a command, traced from its first allocation. Returns once it runs its program, or
 * has ended. 0, or -errno with one line in `error` (also when the command cannot be executed).
 */
int session_launch(struct session *session, char **command, char *error, size_t error_size);

/*
 * Makes memtrace the tracer of all processes added, so that their children are held before they run
 * anything; where session_options.follow_fork is set, between adding and starting. 0, or -errno with one
 * line in `error`.
 */
int session_follow(struct session *session, char *error, size_t error_size);

/* Counting begins for all processes added; for a command it began when its allocators were mapped. */
void session_start(struct session *session);

/* From now on snapshots leave out of live_* what was allocated before now. */
void session_warmed_up(struct session *session);
/* Since counting began, as snapshots have it. */
uint64_t session_elapsed_ns(const struct session *session);

/* Readable when session_handle() has something to do. */
int session_fd(const struct session *session);
/* Follows what happened to the processes; does not wait. 0, or -errno with one line in `error`. */
int session_handle(struct session *session, char *error, size_t error_size);

/* The tracer of a launched command leaves it in order; the command goes on. Nothing without one. */
void session_let_go(struct session *session);

/* A line that whoever started memtrace should read; false when there is none. */
bool session_news(struct session *session, char *text, size_t size);

/* Processes that have not ended; with children to be followed, not 0 before all of theirs have. */
size_t session_running(struct session *session);
/* Exit status of a launched command, as the shell counts it; -1 while it runs. */
int session_command_status(struct session *session);

/* One line on what is attached where, for --verbose. */
void session_describe(struct session *session, char *text, size_t size);

/*
 * Reads the memory of all processes that have not ended, each standing still meanwhile: the next snapshot tells what
 * they had then, and has the scans. 0, or -errno with one line in `error`.
 */
int session_scan(struct session *session, char *error, size_t error_size);

/* What is known now. Blocks younger than older_ns are left out of live_*. 0 or -errno. */
int session_snapshot(struct session *session, uint64_t older_ns, bool with_blocks, struct snapshot **snapshot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that trace user space have in common: from the command line to a session
 * that is attached, waiting for what happens to it, naming stacks, and the end.
 */
#ifndef MEMTRACE_CLI_TRACING_H
#define MEMTRACE_CLI_TRACING_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/growth.h"
#include "cli/options.h"
#include "collect/session.h"
#include "model/snapshot.h"
#include "symbolize/symbolizer.h"

struct tracing {
	struct options options;
	struct session *session;
	struct symbolizer *symbolizer;
	struct sigaction pipe_action; /* as memtrace found it */
	sigset_t signals_found;
	bool scan;      /* a command is looked at when it exits; set before tracing_open() */
	bool churns;    /* what becomes of blocks is counted; likewise */
	enum view view; /* of forms that have one value a stack; likewise */
	int signal_fd, timer_fd;
	/* Of who shows what goes on while it waits: a descriptor that is waited for too, also when no process is left
	 * (-1: none), and who gets the lines that otherwise go to standard error. */
	int input_fd;
	void (*tell)(void *context, const char *text);
	void *tell_context;
	uint64_t n_written; /* reports */
	char error[512];    /* one line on what has failed */
};

/* What tracing_wait() has met; bits. */
enum tracing_event {
	TRACING_TIMER = 1 << 0, /* the time that was set is over */
	TRACING_STOP = 1 << 1,  /* a signal asks memtrace to end; a launched command has been let go */
	TRACING_ENDED = 1 << 2, /* no process is left */
	TRACING_INPUT = 1 << 3, /* input_fd is readable */
};

/*
 * Reads the command line of `command`, the name of a row in help.c. True: there is something to trace; false: the
 * command ends with *status, and all has been said. tracing_close() follows in either case.
 */
bool tracing_begin(struct tracing *tracing, const char *command, int argc, char **argv, int *status);
/* Checks what can be checked before, takes signals, and attaches or launches. 0, or -errno with a line in `error`. */
int tracing_open(struct tracing *tracing);
/* Detaches, and frees all. */
void tracing_close(struct tracing *tracing);

/* The timer goes off after first_ns, then every every_ns (0: never again). 0 or -errno as above. */
int tracing_set_timer(struct tracing *tracing, uint64_t first_ns, uint64_t every_ns);
/* Waits until something happens, follows it, and tells news. Bits of enum tracing_event, or -errno as above. */
int tracing_wait(struct tracing *tracing);
/* Lines that whoever started memtrace should read. */
void tracing_tell_news(struct tracing *tracing);
/*
 * Calls `report` each time that the timer goes off, `count` times (0: without end) or until it returns TRACING_ENOUGH,
 * and, if all ends before, then once more; `events` are what tracing_wait() has met. 0, or -errno as above.
 */
int tracing_series(struct tracing *tracing, uint64_t count, int (*report)(void *context, int events), void *context);
#define TRACING_ENOUGH 1
/* The same every INTERVAL. Of a command there is one report, at its end, unless an interval is asked for. */
int tracing_reports(struct tracing *tracing, uint64_t count, int (*report)(void *context, int events), void *context);

/*
 * What is live now, with all sums, and verdicts by `growth`, which the snapshot is added to. At exit it is not: no
 * block is too young then, and much was freed by then. 0 or -errno as above.
 */
int tracing_snapshot(struct tracing *tracing, struct growth *growth, bool at_exit, struct snapshot **result);
/* Names the frames of the stacks that are shown. 0 or -errno as above. */
int tracing_symbolize(struct tracing *tracing, struct snapshot *snapshot);
/* Renders the snapshot to where --output and --format say. 0 or -errno as above. */
int tracing_write(struct tracing *tracing, const struct snapshot *snapshot);
/* Both, and the end of a report: what files hold in memory is given up. 0 or -errno as above. */
int tracing_show(struct tracing *tracing, struct snapshot *snapshot);

/* The exit status of the command that was launched and has ended, else 0. */
int tracing_command_status(struct tracing *tracing);
/* Makes "WHAT: why" the line in `error`. Returns `error` (-errno). */
int tracing_fail(struct tracing *tracing, const char *what, int error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of collect/ that make up a session share. */
#ifndef MEMTRACE_COLLECT_INTERNAL_H
#define MEMTRACE_COLLECT_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "collect/churn_table.h"
#include "collect/live.h"
#include "collect/reclaim.h"
#include "collect/session.h"
#include "collect/stack_table.h"
#include "collect/target.h"
#include "probe/bpf.h"

/* Processes whose tracer memtrace is without tracing what they do. */
struct bare {
	pid_t *pids;
	size_t n;
};

/* A scan that the tracer is asked for. */
struct scan_request {
	bool wanted; /* it is not made yet */
	uint64_t wanted_ns;
	uint64_t n_added; /* of targets by then: later ones are not scanned */
	int code;         /* -errno, and a line */
	char error[512];
};

/* What memtrace is the tracer of: a command that it started, or processes whose children it follows. */
struct launched {
	pid_t pid;      /* 0: no command */
	bool executing; /* COMMAND's exec was seen */
	bool ended;
	int status;        /* as the shell counts it */
	bool any_attached; /* an object was probed at some time */
	bool let_go;       /* memtrace is its tracer no more */
	bool over;         /* nothing is left to be traced */
	struct bare bare;  /* followed children that have no target */
	/* The thread that is the tracer. */
	pthread_t thread;
	bool has_thread;
	pthread_cond_t changed; /* `settled`, `left`, `scan.wanted` */
	bool settled;           /* the program runs, or never will */
	bool left;              /* it serves nobody any more */
	struct scan_request scan;
	bool leave;            /* it is to leave the command and end; atomic */
	int leave_fd, news_fd; /* tells it that; it tells that it has ended */
	int code;              /* why it ended early: -errno, and a line */
	char error[512];
};

struct session {
	struct session_options options;
	pthread_mutex_t lock; /* between the tracer and whoever runs the session: everything below */
	struct tracing tracing;
	struct bpf_link *links[32]; /* of the programs on tracepoints */
	size_t n_links;
	struct ring_buffer *ring;
	unsigned long consume_until; /* position in it up to which events are handled */
	uint64_t consume_deadline_ns;
	struct live *live;
	struct target **targets;    /* by slot; NULL: it is free */
	size_t n_targets;           /* slots that were ever used */
	uint64_t n_added;           /* targets, since the beginning */
	uint64_t untraced_children; /* that were to be followed */
	struct ended *ended;        /* what is left of children whose slots were given up */
	struct launched launched;
	int epoll_fd, child_signal_fd;
	struct stack_table stacks;
	uint64_t stack_bytes; /* what it takes */
	struct churn_table churn;
	struct usage *range_usage; /* by stack number, for the kinds that are ranges */
	struct reclaim reclaim;
	uint64_t lost[LOSS_COUNT];   /* noticed here, beside what the programs count */
	uint64_t counted_from_ns;    /* what was allocated before is left out of snapshots; 0: nothing */
	char told[512], untold[512]; /* lines for whoever runs the session: the last one, and the one to come */
	struct rlimit file_limit;    /* as it was before memtrace raised it */
};

/* What an epoll event is of. */
enum {
	EVENT_RING,
	EVENT_CHILD,
	EVENT_PROCESS, /* + the target's slot */
};

/* session_targets.c */
/* Also where an ended child's slot is the only one left. */
int session_add_target(struct session *session, pid_t pid, struct target **result, char *error, size_t error_size);
/* Frees a target of which the tables hold nothing any more. */
void session_give_up_slot(struct session *session, struct target *target);
/* Takes a target out of which nothing counts yet. */
void session_drop_target(struct session *session, struct target *target);
/* session_tables.c: before and after the programs are loaded. 0 or -errno. */
int session_size_tables(struct session *session);
int session_map_tables(struct session *session);
void session_unmap_tables(struct session *session);
/* What of --max-memory goes to tables to unwind by; to what ended children leave; to blocks, in slots. */
uint64_t session_unwind_bytes(const struct session_options *options);
uint64_t session_ended_bytes(const struct session_options *options);
uint64_t session_live_slots(const struct session *session);

/* session.c */
/* Are stacks walked by call frame information? */
bool session_unwinds(const struct session *session);
/* A line for whoever runs the session. */
void session_tell(struct session *session, const char *text);
uint64_t clock_ns(clockid_t clock);
/* libbpf says nothing from now on, unless MEMTRACE_DEBUG asks for it. */
void session_silence_libbpf(void);
void session_lock(struct session *session);
void session_unlock(struct session *session);
/* Counts an object that could not be probed, once for a reason that is given again and again. */
void session_unprobed(struct session *session, const char *why);

/* reclaim_session.c */
extern const struct reclaim_ops reclaim_session_ops;

/* events.c */
int events_new(struct session *session);
/* Handles all events that there are at the time of the call. 0 or -errno. */
int events_consume(struct session *session);
/* The last events_consume() handled them all indeed. */
bool events_whole(const struct session *session);
/* Allocators that were mapped unseen are taken up, and counted as late. 0 or -errno. */
int session_take_up(struct session *session, struct target *target);
int session_exec(struct session *session, struct target *target, bool by_main_thread, char *error, size_t error_size);

/* events.c: the process has ended, with this status as the shell counts it; negative: it is not known. */
void session_target_ended(struct session *session, struct target *target, int exit_status);

/* follow.c: with the lock */
/* The target that the process is, if memtrace is its tracer; NULL without one. */
struct target *held_target(struct session *session, pid_t pid);
/* A process that a target forked, held before its first instruction. */
void follow_child(struct session *session, pid_t pid);
/* What the child runs cannot be traced: it goes on untraced, which is counted and told. */
void follow_not(struct session *session, pid_t pid, struct target *target, const char *why);
/* It has ended, or has a target now. */
void follow_forget(struct session *session, pid_t pid);

/* drain.c */
/* A snapshot of children alone that have ended, with all their blocks. 0 or -errno. */
int session_snapshot_ended(struct session *session, struct snapshot **snapshot);
/* Its slot can be given up once such a snapshot is kept. */
bool target_is_over(const struct target *target);
/* Where the memory of a process lies that is about to end; its last report is made when it is gone. */
void session_remember_places(struct session *session, struct target *target);

/* launch.c */
int launch_handle(struct session *session, char *error, size_t error_size);

/* seize.c: in the thread that is to be the tracer. 0, or -errno with one line in `error`. */
int seize_process(pid_t pid, long options, char *error, size_t error_size);

/* scan_held.c */
/* Has the tracer scan all that it is the tracer of. With the lock. 0, or -errno with one line in `error`. */
int scan_ask_tracer(struct session *session, char *error, size_t error_size);
/*
 * In the tracer's thread, without the lock: makes the scan that is asked for, if none is under way of a process that
 * ends (`idle`). 0, or -errno with one line in `error`: the tracer cannot go on.
 */
int scan_held_serve(struct session *session, bool idle, char *error, size_t error_size);

/* tracer.c: all of it in the thread that is the tracer, without the lock */
/* A thread has stopped. 0 or -errno; the thread goes on in either case. */
int tracer_stop(struct session *session, pid_t thread, int status, char *error, size_t error_size);
/* The command or a child of it has ended, with this status of waitpid(2); pid may be a thread's as well. */
void tracer_ended(struct session *session, pid_t pid, int status);
/* Ends a command of which nothing was traced yet. */
void tracer_give_up(struct session *session);
/* Detaches from a command, which goes on. Safe to call again. */
void tracer_let_go(struct session *session);

#endif

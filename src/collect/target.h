/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A traced process: what it has mapped, which of that are allocators, and the probes on
 * them. One slot of the BPF programs' process table belongs to it.
 */
#ifndef MEMTRACE_COLLECT_TARGET_H
#define MEMTRACE_COLLECT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/exit_scan.h"
#include "collect/modules.h"
#include "collect/objects.h"
#include "collect/ranges.h"
#include "collect/unwinder.h"
#include "memtrace.h"
#include "probe/attach.h"

struct bpf_program;
struct memtrace_bpf;
struct detacher;
struct guard;
struct place_memo;
struct scanned;

/* What all targets of a session share. */
struct tracing {
	struct memtrace_bpf *bpf;
	enum backend backend;
	struct detacher *detacher;
	struct guard *guard; /* NULL until a function that may throw is probed */
	struct modules *modules;
	struct mt_process *processes; /* the programs' process table, mapped */
	struct mt_stack *stacks;      /* the programs' stacks, mapped */
	struct churn_table *churn;
	uint64_t started_ns, started_unix_ns; /* since then something is counted; 0: nothing yet */
	uint64_t *lost;                       /* the session's, by cause */
	struct objects *objects;
	struct unwinder *unwinder;
	char **named; /* -O */
	size_t n_named;
};

/* An object with probes in it. */
struct attached_object {
	const struct module *module;
	struct attachment *attachment;
	size_t n_points;
};

/* What the kernel says of a process. */
struct found_process {
	uint32_t tgid;          /* in the initial PID namespace */
	uint64_t address_space; /* told apart by its address in the kernel */
	bool vforked;           /* it borrows its parent's memory until it runs another program */
};

struct target {
	struct tracing *tracing;
	pid_t pid;
	int pidfd;
	uint32_t slot;
	uint64_t number; /* among all of the session's */
	char comm[17];
	char *exe;
	struct mapping *mappings; /* executable, sorted by start; also those that are gone */
	size_t n_mappings;
	struct mapping *mapped; /* those of now */
	size_t n_mapped;
	struct code_moment mapped_at;    /* just before they were read */
	bool code_changed;               /* and the programs have not been told yet */
	bool code_events;                /* say that it may have changed */
	struct mt_wrapper_key *wrappers; /* rows of the programs' table that are this process's */
	size_t n_wrappers;
	struct attached_object *attached;
	size_t n_attached;
	struct attached_object *guarded; /* C++ runtimes with the guard on them */
	size_t n_guarded;
	struct attachment *loader_hook;
	const struct module *loader;
	struct ranges *ranges;
	uint64_t memory_before_bytes; /* what was in its allocators when memtrace came, and in nobody's part */
	struct place_memo *places;    /* where its memory lay when it was about to end; NULL: not known */
	struct exit_scan exit_scan;
	struct scanned *scanned; /* what was found when it stood still for that; NULL: it was not scanned */
	struct ranges_stats range_stats;
	uint32_t generation; /* of the program that is known; the process may run a later one */
	bool probes_lost;    /* by an exec from another thread than the main one */
	bool started;        /* hits have counted */
	bool is_child;       /* forked by a target, and followed */
	pid_t parent;        /* of a child, when it became a target */
	bool ended;
	bool exit_status_known;
	int exit_status; /* as the shell counts it */
	uint64_t address_space;
	/* Of one that memtrace is the tracer of (tracer.c): */
	bool held;                 /* that sees to its execs, its libraries and its end */
	pid_t holding;             /* thread that is on its way to the stop in which libraries are looked at */
	unsigned int loader_stops; /* at the loader's hook, since the last exec */
	bool main_exits;           /* its main thread was on its way out, since the last exec */
};

/* 0, or -errno: -ESRCH when there is no such process. */
int process_find(struct tracing *tracing, pid_t pid, struct found_process *found);

/* The process has the memory of the target. */
bool target_has_memory(const struct target *target, const struct found_process *found);

/*
 * A target for a process that runs, in the given slot; its probes come with target_attach().
 * 0, or -errno with one line in `error`.
 */
int target_new(struct tracing *tracing, pid_t pid, uint32_t slot, const struct ranges_stats *stats,
               struct target **result, char *error, size_t error_size);
/* No hit counts any more; the probes go some time after. */
void target_detach(struct target *target);

/* Detaches and frees. */
void target_free(struct target *target);

/* Reads the mappings anew; what was mapped before stays known. 0, or -errno: -ESRCH when it has ended. */
int target_read_mappings(struct target *target);
/* What was mapped there is gone from that version of the code on. */
void target_code_gone(struct target *target, uint64_t address, uint64_t length, uint32_t version);
/* Reads the mappings anew, and tells the programs what has changed. 0 or -errno. */
int target_follow_code(struct target *target);

/* 0 if memtrace can trace a program of this kind (64-bit, this machine's), else -errno with one line in `error`. */
int target_check_program(const struct target *target, char *error, size_t error_size);

/*
 * Attaches to every allocator that is mapped and has no probes yet, and tells the programs
 * where code lies that they must know (wrappers, allocators). Returns the number of
 * objects newly attached to, or -errno with one line in `error`; the line is also there
 * when some could be attached to, and others not. It is empty otherwise.
 */
int target_attach(struct target *target, char *error, size_t error_size);

/* 0 when something is traced (or the program can have no allocator), or -ENOENT with one line in `error`. */
int target_check_attached(const struct target *target, char *error, size_t error_size);

/*
 * Has the program run where the dynamic loader says that it has mapped something, unless it does.
 * 0, -ENOENT for a static program, or -errno.
 */
int target_hook_loader(struct target *target, struct bpf_program *program);
void target_unhook_loader(struct target *target);

/* The loader that the hook is on is the C library itself (musl). */
bool target_loader_is_libc(const struct target *target);

/*
 * The process runs another program: mappings and ranges of the old one go. Probes on files
 * survive an exec by the main thread; after one by another thread they are silently dead,
 * and go too. 0 or -errno.
 */
int target_exec(struct target *target, bool by_main_thread);

/* It was forked by a target. */
void target_set_child(struct target *target);

/* It was forked from a target and runs the same program still: blocks not known of are its parent's. */
void target_inherits(struct target *target);

/* Counting begins, if it has not yet: of the first target that is started, or without any. */
void tracing_begin_to_count(struct tracing *tracing);
/* Hits count from now on. */
void target_start(struct target *target);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the tracing commands, parsed and checked. */
#ifndef MEMTRACE_CLI_OPTIONS_H
#define MEMTRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/baseline.h"
#include "report/renderer.h"

enum churn_key { CHURN_RATE, CHURN_BYTES, CHURN_SHORT_LIVED };
enum sort_key { SORT_BYTES, SORT_COUNT, SORT_GROWTH, SORT_AGE };

struct options {
	pid_t *pids; /* owned */
	size_t n_pids;
	char **command;       /* points into argv; NULL without "--" */
	uint64_t interval_ns; /* default 5 s */
	bool interval_given;
	uint64_t count; /* 0: until interrupted */
	bool show_allocs;
	bool older_given;
	uint64_t older_ns;
	uint64_t min_size_bytes, max_size_bytes; /* max: UINT64_MAX when not given */
	bool size_filter;                        /* -z or -Z was given */
	unsigned int node;
	bool node_given;
	size_t top; /* 0: all */
	bool top_given;
	char **objects; /* -O, owned array of pointers into argv */
	size_t n_objects;
	enum sort_key sort;
	bool sort_given;
	enum churn_key churn_sort; /* of memtrace churn, in its place */
	const struct renderer *renderer;
	const char *output; /* NULL: standard output */
	uint64_t max_memory_bytes;
	unsigned int stack_depth;
	bool frame_pointers;
	bool follow_fork;
	bool debuginfod;            /* --debuginfod; the environment may ask for it as well */
	int verbosity;              /* -1 quiet, 0, 1, 2 … */
	const char *cache, *cgroup; /* NULL: all */
	unsigned int order;         /* of pages; only if order_given */
	bool order_given;
	uint64_t min_growth_bytes;
	unsigned int by; /* enum laid_to */
	bool reachable, no_stop;
	uint64_t max_pause_ns; /* that a process may stand still; 5 s */
	/* of memtrace check: */
	bool kinds[CHECK_KIND_COUNT];
	bool kinds_given;
	uint64_t max_leak_bytes, max_leak_count, max_stack_bytes; /* only if given */
	bool max_leak_bytes_given, max_leak_count_given, max_stack_bytes_given, max_growth_given;
	double max_growth_bytes_per_s;
	uint64_t warmup_ns, duration_ns; /* 0: none; until the target ends */
	unsigned int rounds;
	bool rounds_given;
	const char *baseline; /* NULL: none */
	struct baseline_rules fail_on;
	bool fail_on_given, update_baseline;
	char **suppressions; /* owned array of pointers into argv */
	size_t n_suppressions;
	bool gen_suppressions, format_given, ignore_children;
	unsigned int error_exitcode;
	/* of recordings: */
	const char *write;                /* FILE */
	uint64_t rotate_bytes, rotate_ns; /* 0: not by it */
	bool no_symbols;
	const char *files[2]; /* point into argv */
	size_t n_files;
	const char *at; /* TIME; NULL: not given */
	bool peak, last;
	unsigned int view;        /* enum view */
	const char *symbols_from; /* folder; NULL: none */
	/* hidden, for tests: */
	uint64_t unwind_table_bytes, ended_bytes;
	uint64_t live_table_slots, stack_table_rows, event_buffer_bytes; /* 0: by max_memory_bytes */
	const char *backend;                                             /* NULL, "session", "multi", "perf" */
};

/*
 * What of the command line a command takes; its row in help.c says it. One that takes
 * ACCEPT_COMMAND needs a target (-p or --).
 */
enum options_accept {
	ACCEPT_PID = 1 << 0,
	ACCEPT_COMMAND = 1 << 1,
	ACCEPT_INTERVAL = 1 << 2, /* INTERVAL [COUNT] */
	ACCEPT_REPORT = 1 << 3,   /* form and place of reports */
	ACCEPT_STACKS = 1 << 4,   /* live blocks by stack: which, in what order, how much room for them */
	ACCEPT_HEAP = 1 << 5,     /* what bears on user-space allocators */
	ACCEPT_KERNEL = 1 << 6,   /* what bears on the kernel's own memory */
	ACCEPT_LEAKS = 1 << 7,    /* what is told of blocks that can be reached */
	ACCEPT_SCAN = 1 << 8,     /* how a process's memory is read */
	ACCEPT_LISTING = 1 << 9,  /* how stacks are listed */
	ACCEPT_CHECK = 1 << 10,   /* what memtrace check judges, and by what */
	ACCEPT_RECORD = 1 << 11,  /* what memtrace record writes, and where */
	ACCEPT_FILE = 1 << 12,    /* recordings (of help, a command), named without an option */
	ACCEPT_MOMENT = 1 << 13,  /* which moment of a recording */
	ACCEPT_ORDER = 1 << 14,   /* order of stacks */
	ACCEPT_NAMES = 1 << 15,   /* where names of recordings are found */
	ACCEPT_CHURN = 1 << 16,   /* order of stacks by what they allocate */
};

/* What options_parse() returns when it was asked for something else than to trace. */
enum options_asked {
	OPTIONS_HELP = 1,
	OPTIONS_VERSION = 2,
};

/*
 * Parses argv (argv[0] is the command's name and is skipped; argv[argc] is NULL).
 * Returns 0, or -EINVAL (-ENOMEM) after writing one line to `error` (no newline, names
 * in it escaped), or OPTIONS_HELP or OPTIONS_VERSION when --help or --version was met
 * before anything wrong.
 * All lists are freed by options_free(), whatever was returned.
 */
int options_parse(struct options *options, int argc, char **argv, unsigned int accept, char *error, size_t error_size);
void options_free(struct options *options);

/* Of memtrace check: whether growth is looked at. */
bool options_judge_growth(const struct options *options);

#endif

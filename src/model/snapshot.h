/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot: what memtrace knew at one moment, as plain data. It knows nothing
 * of BPF, so everything behind it runs and is tested without root.
 *
 * Ownership: a snapshot owns all it points to, except `struct module`, which the
 * target's mapping table owns and which outlives the snapshots made from it.
 * Addresses are virtual addresses of the process they belong to.
 */
#ifndef MEMTRACE_MODEL_SNAPSHOT_H
#define MEMTRACE_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/churn.h"
#include "model/history.h"
#include "model/judgement.h"
#include "model/kernel.h"
#include "model/kind.h"
#include "model/loss.h"
#include "model/memory.h"
#include "model/module.h"
#include "model/placement.h"
#include "model/reach.h"
#include "model/scan.h"
#include "model/verdict.h"

struct usage {
	uint64_t live_bytes, live_blocks;
	uint64_t alloc_bytes, alloc_count;
	uint64_t free_bytes, free_count;
};

/* Adds every field of `from` to `to`. */
void usage_add(struct usage *to, const struct usage *from);

struct block {
	uint64_t address, size_bytes, age_ns;
	uint64_t not_resident_bytes; /* only if `placed` */
	uint32_t slack_bytes;        /* usable behind it, where that is known (memtrace leaks) */
	int node;                    /* that most of it lies on; -1: none, or not known */
	int cpu_node;                /* of the CPU that allocated it */
	bool placed;                 /* where it lies could be told */
	bool judged;                 /* what leads to it was looked for (memtrace leaks) */
	bool left_out;               /* by --older, but it leads to others */
	enum leak_class leak;
};

/* One line of a symbolized stack. Strings belong to the symbolizer's cache and
 * live as long as it; NULL where not known. */
struct frame {
	uint64_t address;     /* the raw return address; of an inlined frame that of its host */
	uint64_t offset;      /* address - start of the function; only where has_offset */
	const char *module;   /* base name of the file, or "[vdso]", "[anon]", … */
	const char *build_id; /* lower-case hexadecimal */
	const char *function; /* demangled */
	const char *file;
	unsigned int line; /* 0: not known */
	bool has_offset;
	bool inlined;
};

/* Who holds a block: where the pointer lies that leads to it. */
struct holding {
	uint64_t at, value;                  /* as struct reach_word has them */
	uint64_t leads_to;                   /* the beginning of the block held */
	uint64_t block_address, block_bytes; /* the block that the pointer lies in; 0: it is a root */
	struct stack *site;                  /* of that block: of its frames the innermost; owned; NULL: a root */
	const struct scan_area *area;        /* of a root in memory; NULL: not known */
};

struct stack {
	size_t process; /* index into snapshot.processes */
	enum block_kind kind;
	enum stack_end end;
	bool guessed;
	bool before;            /* blocks from before memtrace attached, of which the allocator alone knows */
	enum leak_class leak;   /* of all its live blocks, where they were judged: a stack has a row for each class */
	struct verdict verdict; /* of its live bytes, from the reports so far */
	int64_t growth_bytes;   /* of live bytes since the report before, or from nothing; where it is asked for */
	struct usage usage;
	uint64_t oldest_ns;  /* age of the oldest live block; 0 without one */
	uint64_t *addresses; /* innermost first; none: entries were reclaimed or lost */
	size_t n_addresses;
	uint64_t number;       /* that a recording knows it by */
	uint32_t code_version; /* that the addresses are of: the first in which all they lie in was mapped */
	struct placement placement;
	struct block *blocks; /* with --show-allocs: oldest first */
	size_t n_blocks;
	/* Of possibly leaked and of reachable blocks, of the largest of them: its holder, whose holder, …, a root. */
	struct holding *held_by;
	size_t n_held_by;
	bool held_by_more;    /* the chain is longer */
	struct frame *frames; /* after symbolizing, else NULL */
	size_t n_frames;
	/* By memtrace churn: allocated since the report before, or since attaching. */
	uint64_t recent_count, recent_bytes;
	struct churn *churn; /* of a heap's stack, by memtrace churn; else NULL; owned */
	/* Of kernel memory: */
	size_t class_index;        /* into snapshot.kernel->classes */
	uint64_t slack_bytes;      /* given beyond what was asked for, of live blocks */
	uint64_t misplaced_blocks; /* live ones that lie on another node than was asked for */
	uint64_t possible_blocks;  /* of the live ones, that the kernel's own count leaves possible */
};

struct process {
	pid_t pid;
	uint64_t number; /* told apart by it from others that had the same ID, since the beginning */
	bool is_child;   /* traced because one of the others forked it */
	pid_t parent;    /* of a child; 0: not known */
	char comm[16 + 1];
	char *exe; /* path as /proc/PID/exe says, NULL if not known */
	/* Of kernel memory by cgroup, not a process at all: the lower half of its ID, and its directory if known. */
	uint32_t cgroup;
	char *cgroup_path;
	bool ended;
	int exit_status; /* as the shell counts it: 128+N for signal N; only if ended */
	bool exit_status_known;
	struct process_memory memory;
	struct usage usage; /* of its stacks */
	struct placement placement;
	struct scan *scan;          /* of its memory, by memtrace leaks; else NULL; owned */
	struct churn_totals *churn; /* by memtrace churn, else NULL; owned */
	struct mapping *mappings;   /* executable ones, also those that are gone, sorted by start */
	size_t n_mappings;
};

struct snapshot {
	const char *command; /* "trace", "churn", … static */
	uint64_t time_unix_ns;
	uint64_t elapsed_ns;    /* since attaching */
	uint64_t since_unix_ns; /* the moment memtrace began to watch */
	struct process *processes;
	size_t n_processes;
	struct stack *stacks;
	size_t n_stacks;
	struct usage totals;
	struct usage kinds[KIND_COUNT];
	struct usage leaks[LEAK_CLASS_COUNT]; /* live_* alone, of all blocks that were judged */
	struct placement placement;           /* of all; always at least one node */
	bool placed; /* the kernel was asked where pages lie; it is not where there is only one node */
	uint64_t lost[LOSS_COUNT];
	uint64_t abandoned_calls;
	uint64_t unknown_frees;
	uint64_t inherited_frees; /* by children that are followed, of what their parents had allocated */
	bool unknown_frees_known; /* false with -z or -Z; the same of those inherited */
	uint64_t incomplete_stacks;
	uint64_t ends[END_COUNT]; /* stacks with frames, by why they end */
	uint64_t untraced_children;
	size_t n_stacks_shown;        /* stacks[0..n) are to be printed, in that order */
	struct churn_totals *churn;   /* of all processes, by memtrace churn; else NULL; owned */
	uint64_t recent_ns;           /* by memtrace churn: since the report before, or since attaching */
	struct kernel_memory *kernel; /* of command "kernel", else NULL; owned */
	struct judgement *judgement;  /* of command "check", else NULL; owned */
	struct history *history;      /* of a recording, else NULL; owned */
};

/* Frees what a stack owns; its members stay. */
void stack_clear(struct stack *stack);

/* Frees all that the snapshot owns, and the snapshot. NULL is allowed. */
void snapshot_free(struct snapshot *snapshot);

/* True when nothing was lost. */
bool snapshot_complete(const struct snapshot *snapshot);

#endif

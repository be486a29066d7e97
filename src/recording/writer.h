/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a recording: snapshots of a run, one transaction each, of which only what has changed is stored, and once an
 * hour all. After a crash or with a full disk the file is whole up to the last snapshot.
 */
#ifndef MEMTRACE_RECORDING_WRITER_H
#define MEMTRACE_RECORDING_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct writer;

/* A value of the table "about". */
struct about {
	const char *key, *value;
};

/* Who names the frames of a stack of a process, as symbolizer_stack() does. */
struct writer_namer {
	/* 0 or -errno. NULL: stacks get no names. */
	int (*name)(void *context, const struct process *process, struct stack *stack);
	/* How far it is with all of them; NULL: nobody asks. */
	void (*progress)(void *context, size_t done, size_t all);
	void *context;
};

/*
 * Makes the file; one that exists is left as it is: -EEXIST. What is said of the recording goes into the table
 * "about". 0 or -errno with one line in `error`, which later calls write to as well.
 */
int writer_open(const char *path, const struct about *about, size_t n_about, const struct writer_namer *namer,
                struct writer **result, char *error, size_t error_size);
/* Frees it. What was not finished stays a whole recording, without symbols. NULL is allowed. */
void writer_free(struct writer *writer);

/*
 * Stores a snapshot, in the order in which aggregate_merge() has put its stacks and with sums; the writer owns it from
 * now on, whatever is returned. 0 or -errno.
 */
int writer_add(struct writer *writer, struct snapshot *snapshot);

uint64_t writer_snapshots(const struct writer *writer);
uint64_t writer_bytes(const struct writer *writer); /* of the file */

/*
 * Stores the names of all stacks that have none yet, and the verdicts as they are last, and makes the recording one
 * file. 0 or -errno.
 */
int writer_finish(struct writer *writer);

#endif

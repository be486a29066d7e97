/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A writer's insides, for its own files alone. */
#ifndef MEMTRACE_RECORDING_WRITER_STATE_H
#define MEMTRACE_RECORDING_WRITER_STATE_H

#include "recording/database.h"
#include "recording/writer.h"

enum write {
	WRITE_ABOUT,
	WRITE_PROCESS,
	WRITE_MODULE,
	WRITE_MAPPING,
	WRITE_STACK,
	WRITE_ADDRESS,
	WRITE_NODE,
	WRITE_SNAPSHOT,
	WRITE_LOSS,
	WRITE_PROCESS_STATE,
	WRITE_STACK_STATE,
	WRITE_STACK_NODE,
	WRITE_VERDICT,
	WRITE_LOCATION,
	WRITE_FRAME,
	FIND_MODULE,
	FIND_STACK,
	FIND_ADDRESSES,
	FIND_LOCATION,
	WRITE_COUNT,
};

struct writer {
	struct database database;
	sqlite3_stmt *statements[WRITE_COUNT];
	struct writer_namer namer;
	struct snapshot *before; /* the last one that is stored */
	int64_t *stacks;         /* of before->stacks: their numbers in the file */
	int64_t snapshot, whole; /* numbers of the last one and the last whole one; 0: none */
	uint64_t whole_elapsed_ns;
};

/* Stores what of the processes has changed: themselves, their mappings, and their memory. 0 or -errno. */
int writer_put_processes(struct writer *writer, const struct snapshot *snapshot);
/*
 * Stores stacks that are new, and the sums of those that have changed since the last snapshot; all, where
 * writer->whole is writer->snapshot. `numbers` gets theirs. 0 or -errno.
 */
int writer_put_stacks(struct writer *writer, const struct snapshot *snapshot, int64_t *numbers);
/* Stores the verdict on a stack as of the snapshot. 0 or -errno. */
int writer_put_verdict(struct writer *writer, int64_t number, const struct verdict *verdict);
/* Stores names for a stack of the last snapshot, where stacks get names. 0 or -errno. */
int writer_name_stack(struct writer *writer, size_t i);
/* The same for all that have none. */
int writer_put_names(struct writer *writer);

#endif

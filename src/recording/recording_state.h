/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader's insides, for its own files alone. */
#ifndef MEMTRACE_RECORDING_RECORDING_STATE_H
#define MEMTRACE_RECORDING_RECORDING_STATE_H

#include "recording/database.h"
#include "recording/recording.h"

/* Of processes or of stacks: how many times how many nodes. */
#define PLACEMENTS_MAX (1UL << 24)

enum read {
	READ_ABOUT,
	READ_MOMENTS,
	READ_NODES,
	READ_SNAPSHOT,
	READ_LOSSES,
	READ_PROCESSES,
	READ_MAPPINGS,
	READ_MODULES,
	READ_STACKS,
	READ_ADDRESSES,
	READ_STACK_NODES,
	READ_VERDICTS,
	READ_FRAMES,
	READ_COURSE,
	READ_COURSE_OF,
	READ_COUNT,
};

/* Where a moment's snapshot is in the file. */
struct place {
	int64_t snapshot, whole;
};

struct recording {
	struct database database;
	sqlite3_stmt *statements[READ_COUNT];
	struct moment *moments;
	struct place *places; /* of the moments */
	size_t n_moments;
	struct module *modules; /* by number, from 1 on; [0] stands for those that are not there */
	size_t n_modules;
	struct intern *raw; /* texts as they are in the file */
	char **texts; /* as they can be printed, by number; frames, modules and what is said of it point to them */
	size_t n_texts;
	char **about; /* key and value in turn; among the texts */
	size_t n_about;
};

/*
 * The column's text, fit to be printed; NULL where there is none. It is the recording's, which has each once: so few
 * rows do not make it large. 0 or -ENOMEM.
 */
int recording_text(struct recording *recording, sqlite3_stmt *statement, int column, const char **text);
/* The same of a build ID in lower-case hexadecimal; -EBADMSG where it is none. */
int recording_build_id(struct recording *recording, sqlite3_stmt *statement, int column, const char **text);
/* The column's number, which may not be negative. 0 or -EBADMSG. */
int recording_count(struct recording *recording, sqlite3_stmt *statement, int column, uint64_t *count);
/* The same of several columns that follow each other. */
int recording_counts(struct recording *recording, sqlite3_stmt *statement, int column, uint64_t *const *counts);
int recording_out_of_memory(struct recording *recording);
int recording_damaged(struct recording *recording, const char *what);

int recording_read_processes(struct recording *recording, const struct place *place, struct snapshot *snapshot);
int recording_read_stacks(struct recording *recording, const struct place *place, struct snapshot *snapshot);

#endif

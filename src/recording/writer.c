// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/writer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording/schema.h"
#include "recording/writer_state.h"

#define WHOLE_EVERY_NS (3600ULL * 1000000000)

// NOLINTBEGIN(bugprone-suspicious-missing-comma): one statement goes on in the next line
static const char *const statements[WRITE_COUNT] = {
    [WRITE_ABOUT] = "INSERT OR REPLACE INTO about VALUES (?, ?)",
    [WRITE_PROCESS] = "INSERT OR IGNORE INTO process VALUES (?, ?, ?, ?)",
    [WRITE_MODULE] = "INSERT INTO module VALUES (NULL, ?, ?, ?, ?, ?)",
    [WRITE_MAPPING] = "INSERT OR REPLACE INTO mapping VALUES (?, ?, ?, ?, ?, ?, ?)",
    [WRITE_STACK] = "INSERT INTO stack VALUES (NULL, ?, ?, ?, ?, ?, ?)",
    [WRITE_ADDRESS] = "INSERT INTO address VALUES (?, ?, ?)",
    [WRITE_NODE] = "INSERT OR IGNORE INTO node VALUES (?)",
    [WRITE_SNAPSHOT] = "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [WRITE_LOSS] = "INSERT INTO loss VALUES (?, ?, ?)",
    [WRITE_PROCESS_STATE] = "INSERT INTO process_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [WRITE_STACK_STATE] = "INSERT INTO stack_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [WRITE_STACK_NODE] = "INSERT INTO stack_node VALUES (?, ?, ?, ?, ?, ?)",
    [WRITE_VERDICT] = "INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [WRITE_LOCATION] = "INSERT INTO location VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
    [WRITE_FRAME] = "INSERT OR REPLACE INTO frame VALUES (?, ?, ?, ?)",
    [FIND_MODULE] = "SELECT module FROM module WHERE path IS ? AND build_id IS ? AND device IS ? AND inode IS ? AND "
                    "replaced IS ?",
    [FIND_STACK] = "SELECT stack FROM stack WHERE hash = ? AND process = ? AND kind = ? AND code_version = ?",
    [FIND_ADDRESSES] = "SELECT address FROM address WHERE stack = ? ORDER BY depth",
    [FIND_LOCATION] = "SELECT location FROM location WHERE module IS ? AND build_id IS ? AND function IS ? AND "
                      "offset IS ? AND file IS ? AND line IS ? AND inlined IS ?",
};
// NOLINTEND(bugprone-suspicious-missing-comma)

static int prepare(struct writer *writer)
{
	int error = 0;

	for (int i = 0; i < WRITE_COUNT && !error; i++)
		error = database_prepare(&writer->database, statements[i], &writer->statements[i]);
	return error;
}

static int put_about(struct writer *writer, const struct about *about, size_t n)
{
	int error = database_exec(&writer->database, "BEGIN");

	for (size_t i = 0; i < n && !error; i++)
		error = database_run(&writer->database, writer->statements[WRITE_ABOUT], "tt", about[i].key,
		                     about[i].value);
	return database_end(&writer->database, error);
}

/* With what SQLite keeps beside it. */
static void remove_file(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char name[PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
}

int writer_open(const char *path, const struct about *about, size_t n_about, const struct writer_namer *namer,
                struct writer **result, char *error, size_t error_size)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int failed;

	*result = NULL;
	if (!writer)
		return -ENOMEM;
	writer->namer = *namer;
	failed = database_create(&writer->database, path, error, error_size);
	if (!failed)
		failed = schema_create(&writer->database);
	if (!failed)
		failed = prepare(writer);
	if (!failed)
		failed = put_about(writer, about, n_about);
	if (failed) {
		bool made = writer->database.handle != NULL;

		writer_free(writer);
		/* It was not there before, and is no recording. */
		if (made)
			remove_file(path);
	} else {
		*result = writer;
	}
	return failed;
}

static void finalize(struct writer *writer)
{
	for (int i = 0; i < WRITE_COUNT; i++) {
		sqlite3_finalize(writer->statements[i]);
		writer->statements[i] = NULL;
	}
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	finalize(writer);
	database_close(&writer->database);
	snapshot_free(writer->before);
	free(writer->stacks);
	free(writer);
}

uint64_t writer_snapshots(const struct writer *writer)
{
	return (uint64_t)writer->snapshot;
}

uint64_t writer_bytes(const struct writer *writer)
{
	struct database database = writer->database;
	int64_t pages = 0, page_bytes = 0;

	if (database_get(&database, "page_count", &pages) || database_get(&database, "page_size", &page_bytes))
		return 0;
	return (uint64_t)(pages * page_bytes);
}

static int64_t resident_bytes(const struct snapshot *snapshot)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < snapshot->n_processes; i++)
		bytes += snapshot->processes[i].memory.known ? snapshot->processes[i].memory.rss_bytes : 0;
	return (int64_t)bytes;
}

static int put_losses(struct writer *writer, const struct snapshot *snapshot)
{
	int error = 0;

	for (int i = 0; i < LOSS_COUNT && !error; i++) {
		if (snapshot->lost[i])
			error = database_run(&writer->database, writer->statements[WRITE_LOSS], "iti", writer->snapshot,
			                     loss_key((enum loss)i), (int64_t)snapshot->lost[i]);
	}
	return error;
}

static int put_nodes(struct writer *writer, const struct snapshot *snapshot)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->placement.n_nodes && !error; i++)
		error = database_run(&writer->database, writer->statements[WRITE_NODE], "i",
		                     (int64_t)snapshot->placement.nodes[i].node);
	return error;
}

/* When counting began is the same for all. */
static int put_beginning(struct writer *writer, const struct snapshot *snapshot)
{
	char text[24];

	if (writer->before)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)snapshot->since_unix_ns);
	return database_run(&writer->database, writer->statements[WRITE_ABOUT], "tt", "since_unix_ns", text);
}

static int put_head(struct writer *writer, const struct snapshot *snapshot)
{
	const struct usage *totals = &snapshot->totals;

	return database_run(
	    &writer->database, writer->statements[WRITE_SNAPSHOT],
	    snapshot->unknown_frees_known ? "iiiiiiiiiiiiiiiii" : "iiiiiiiiiiiii--ii", writer->snapshot, writer->whole,
	    (int64_t)snapshot->time_unix_ns, (int64_t)snapshot->elapsed_ns, (int64_t)totals->live_bytes,
	    (int64_t)totals->live_blocks, (int64_t)totals->alloc_bytes, (int64_t)totals->alloc_count,
	    (int64_t)totals->free_bytes, (int64_t)totals->free_count, resident_bytes(snapshot),
	    (int64_t)snapshot_complete(snapshot), (int64_t)snapshot->abandoned_calls, (int64_t)snapshot->unknown_frees,
	    (int64_t)snapshot->inherited_frees, (int64_t)snapshot->untraced_children, (int64_t)snapshot->placed);
}

static int put_snapshot(struct writer *writer, const struct snapshot *snapshot, int64_t *numbers)
{
	int error = database_exec(&writer->database, "BEGIN IMMEDIATE");

	if (error)
		return error;
	error = put_head(writer, snapshot);
	if (!error)
		error = put_losses(writer, snapshot);
	if (!error)
		error = put_nodes(writer, snapshot);
	if (!error)
		error = put_beginning(writer, snapshot);
	if (!error)
		error = writer_put_processes(writer, snapshot);
	if (!error)
		error = writer_put_stacks(writer, snapshot, numbers);
	return database_end(&writer->database, error);
}

int writer_add(struct writer *writer, struct snapshot *snapshot)
{
	int64_t *numbers = calloc(snapshot->n_stacks + 1, sizeof(*numbers)), whole = writer->whole;
	uint64_t whole_elapsed_ns = writer->whole_elapsed_ns;
	int error = numbers ? 0 : database_say(&writer->database, -ENOMEM, "out of memory");

	writer->snapshot++;
	if (!writer->whole || snapshot->elapsed_ns - writer->whole_elapsed_ns >= WHOLE_EVERY_NS) {
		writer->whole = writer->snapshot;
		writer->whole_elapsed_ns = snapshot->elapsed_ns;
	}
	if (!error)
		error = put_snapshot(writer, snapshot, numbers);
	if (error) {
		writer->snapshot--;
		writer->whole = whole;
		writer->whole_elapsed_ns = whole_elapsed_ns;
		snapshot_free(snapshot);
		free(numbers);
		return error;
	}
	snapshot_free(writer->before);
	free(writer->stacks);
	writer->before = snapshot;
	writer->stacks = numbers;
	return 0;
}

static int put_last_verdicts(struct writer *writer)
{
	int error = 0;

	for (size_t i = 0; i < writer->before->n_stacks && !error; i++) {
		if (writer->before->stacks[i].verdict.kind != VERDICT_NONE)
			error = writer_put_verdict(writer, writer->stacks[i], &writer->before->stacks[i].verdict);
	}
	return error;
}

static int put_last(struct writer *writer)
{
	int error = database_exec(&writer->database, "BEGIN IMMEDIATE");

	if (!error && writer->before)
		error = put_last_verdicts(writer);
	if (!error && writer->before)
		error = writer_put_names(writer);
	if (!error)
		error = database_run(&writer->database, writer->statements[WRITE_ABOUT], "tt", "symbols",
		                     writer->namer.name ? "resolved" : "none");
	return database_end(&writer->database, error);
}

int writer_finish(struct writer *writer)
{
	int error = put_last(writer);

	finalize(writer);
	/* While somebody reads it stays as it is, which is as good. */
	sqlite3_exec(writer->database.handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	return error;
}

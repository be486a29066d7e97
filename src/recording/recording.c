// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording_state.h"
#include "recording/schema.h"
#include "util/grow.h"
#include "util/intern.h"
#include "util/printable.h"

static const char *const statements[READ_COUNT] = {
    [READ_ABOUT] = "SELECT key, value FROM about",
    [READ_MOMENTS] = "SELECT snapshot, whole, time_unix_ns, live_bytes, live_blocks, alloc_bytes, alloc_count, "
                     "resident_bytes, complete FROM snapshot ORDER BY snapshot",
    [READ_NODES] = "SELECT node FROM node ORDER BY node",
    [READ_SNAPSHOT] = "SELECT time_unix_ns, elapsed_ns, abandoned_calls, unknown_frees, inherited_frees, "
                      "untraced_children, placed FROM snapshot WHERE snapshot = ?",
    [READ_LOSSES] = "SELECT cause, count FROM loss WHERE snapshot = ?",
    [READ_PROCESSES] =
        "SELECT p.process, p.pid, p.parent, p.is_child, s.exe, s.comm, s.ended, s.exit_status, s.rss_bytes, "
        "s.live_bytes, s.slack_bytes, s.mapping_bytes, s.stack_bytes, s.data_bytes, s.file_bytes, s.before_bytes, "
        "s.unseen_threads, max(s.snapshot) FROM process p JOIN process_state s USING (process) WHERE s.snapshot <= ? "
        "GROUP BY p.process ORDER BY p.process",
    [READ_MAPPINGS] = "SELECT first, end, from_version, until_version, offset, module FROM mapping WHERE process = ? "
                      "ORDER BY first",
    [READ_MODULES] = "SELECT module, path, build_id, device, inode, replaced FROM module ORDER BY module",
    [READ_STACKS] =
        "SELECT x.stack, max(x.snapshot), x.live_bytes, x.live_blocks, x.alloc_bytes, x.alloc_count, x.free_bytes, "
        "x.free_count, x.not_resident_bytes, x.unplaced_bytes, x.remote_bytes, x.oldest_elapsed_ns, s.process, s.kind, "
        "s.\"end\", s.guessed, s.code_version FROM stack_state x JOIN stack s USING (stack) WHERE x.snapshot BETWEEN ? "
        "AND ? GROUP BY x.stack",
    [READ_ADDRESSES] = "SELECT address FROM address WHERE stack = ? ORDER BY depth",
    [READ_STACK_NODES] = "SELECT node, live_bytes, live_blocks, cpu_live_bytes FROM stack_node WHERE snapshot = ? AND "
                         "stack = ?",
    [READ_VERDICTS] = "SELECT stack, max(snapshot), verdict, points, window_ns, low_bytes, high_bytes, lifetime_ns, "
                      "projected_bytes, projected_ns, bytes_per_s, low_bytes_per_s, high_bytes_per_s FROM verdict "
                      "WHERE snapshot BETWEEN ? AND ? GROUP BY stack ORDER BY stack",
    [READ_FRAMES] =
        "SELECT f.address, l.module, l.build_id, l.function, l.offset, l.file, l.line, l.inlined FROM frame "
        "f JOIN location l USING (location) WHERE f.stack = ? ORDER BY f.position",
    [READ_COURSE] = "SELECT snapshot, stack, live_bytes, live_blocks, alloc_bytes, alloc_count FROM stack_state WHERE "
                    "snapshot BETWEEN ? AND ? ORDER BY snapshot",
    [READ_COURSE_OF] =
        "SELECT snapshot, stack, live_bytes, live_blocks, alloc_bytes, alloc_count FROM stack_state WHERE "
        "snapshot = ? AND stack = ?",
};

int recording_out_of_memory(struct recording *recording)
{
	return database_say(&recording->database, -ENOMEM, "out of memory");
}

int recording_damaged(struct recording *recording, const char *what)
{
	return database_say(&recording->database, -EBADMSG, "it is damaged: %s", what);
}

int recording_text(struct recording *recording, sqlite3_stmt *statement, int column, const char **text)
{
	const char *value = (const char *)sqlite3_column_text(statement, column);
	bool is_null = sqlite3_column_type(statement, column) == SQLITE_NULL, added;
	int64_t number;

	*text = NULL;
	if (!value)
		return is_null ? 0 : recording_out_of_memory(recording);
	number = intern_add(recording->raw, value, strnlen(value, PRINTABLE_MAX), &added);
	if (number < 0)
		return recording_out_of_memory(recording);
	/* Numbered, but without its copy: after there was no memory for that. */
	if ((size_t)number >= recording->n_texts) {
		char *copy = printable_copy(value);

		if (!copy || grow_list((void **)&recording->texts, recording->n_texts, sizeof(*recording->texts))) {
			free(copy);
			return recording_out_of_memory(recording);
		}
		recording->texts[recording->n_texts++] = copy;
	}
	*text = recording->texts[number];
	return 0;
}

int recording_count(struct recording *recording, sqlite3_stmt *statement, int column, uint64_t *count)
{
	int64_t value = sqlite3_column_int64(statement, column);

	if (value < 0)
		return recording_damaged(recording, "a count is negative");
	*count = (uint64_t)value;
	return 0;
}

int recording_counts(struct recording *recording, sqlite3_stmt *statement, int column, uint64_t *const *counts)
{
	int error = 0;

	for (int i = 0; counts[i] && !error; i++)
		error = recording_count(recording, statement, column + i, counts[i]);
	return error;
}

static int add_moment(struct recording *recording)
{
	sqlite3_stmt *read = recording->statements[READ_MOMENTS];
	size_t n = recording->n_moments;
	struct moment *moment;
	uint64_t snapshot, whole;
	int error;

	if (grow_list((void **)&recording->moments, n, sizeof(*recording->moments)) ||
	    grow_list((void **)&recording->places, n, sizeof(*recording->places)))
		return recording_out_of_memory(recording);
	moment = &recording->moments[n];
	*moment = (struct moment){.complete = sqlite3_column_int(read, 8) != 0};
	error = recording_counts(recording, read, 0,
	                         (uint64_t *const[]){&snapshot, &whole, &moment->time_unix_ns, &moment->live_bytes,
	                                             &moment->live_blocks, &moment->alloc_bytes, &moment->alloc_count,
	                                             &moment->resident_bytes, NULL});
	if (error)
		return error;
	recording->places[n] = (struct place){(int64_t)snapshot, (int64_t)whole};
	recording->n_moments++;
	return whole > snapshot ? recording_damaged(recording, "a snapshot rests on a later one") : 0;
}

static int add_about(struct recording *recording)
{
	sqlite3_stmt *read = recording->statements[READ_ABOUT];
	const char *texts[2];
	int error = 0;

	for (int i = 0; i < 2 && !error; i++) {
		error = recording_text(recording, read, i, &texts[i]);
		if (!error && grow_list((void **)&recording->about, recording->n_about, sizeof(*recording->about)))
			error = recording_out_of_memory(recording);
		if (!error)
			recording->about[recording->n_about++] = (char *)texts[i];
	}
	return error;
}

int recording_build_id(struct recording *recording, sqlite3_stmt *statement, int column, const char **text)
{
	int error = recording_text(recording, statement, column, text);
	size_t n = *text ? strlen(*text) : 0;

	if (error || !*text)
		return error;
	if (n % 2 || n > (size_t)2 * BUILD_ID_MAX || strspn(*text, "0123456789abcdef") != n)
		return recording_damaged(recording, "a build ID is none");
	return 0;
}

static void take_build_id(struct module *module, const char *text)
{
	module->build_id_size = text ? strlen(text) / 2 : 0;
	for (size_t i = 0; i < module->build_id_size; i++) {
		const char digits[3] = {text[2 * i], text[2 * i + 1], 0};

		module->build_id[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static int add_module(struct recording *recording)
{
	sqlite3_stmt *read = recording->statements[READ_MODULES];
	struct module *grown = reallocarray(recording->modules, recording->n_modules + 1, sizeof(*grown));
	struct module *module;
	const char *path, *build_id, *slash;
	int error;

	if (!grown)
		return recording_out_of_memory(recording);
	recording->modules = grown;
	module = &grown[recording->n_modules++];
	*module = (struct module){.fd = -1,
	                          .device = (dev_t)sqlite3_column_int64(read, 3),
	                          .inode = (ino_t)sqlite3_column_int64(read, 4),
	                          .replaced = sqlite3_column_int(read, 5) != 0};
	if (sqlite3_column_int64(read, 0) != (int64_t)recording->n_modules - 1)
		return recording_damaged(recording, "files are missing from it");
	error = recording_text(recording, read, 1, &path);
	if (!error)
		error = recording_build_id(recording, read, 2, &build_id);
	if (error)
		return error;
	if (!path)
		return recording_damaged(recording, "a file has no name");
	take_build_id(module, build_id);
	module->path = (char *)path;
	slash = strrchr(path, '/');
	module->name = slash && path[0] == '/' ? slash + 1 : path;
	return 0;
}

/* Calls for each row of a statement without values. 0 or -errno. */
static int each_row(struct recording *recording, enum read statement, int (*take)(struct recording *recording))
{
	sqlite3_stmt *read = recording->statements[statement];
	int row;

	while ((row = database_step(&recording->database, read)) > 0) {
		row = take(recording);
		if (row)
			break;
	}
	sqlite3_reset(read);
	return row;
}

static int read_all(struct recording *recording)
{
	static char none[] = "?";
	int error = 0;

	recording->modules = calloc(1, sizeof(*recording->modules));
	recording->raw = intern_new();
	if (!recording->modules || !recording->raw)
		return recording_out_of_memory(recording);
	recording->modules[0] = (struct module){.fd = -1, .path = none, .name = none};
	recording->n_modules = 1;
	for (int i = 0; i < READ_COUNT && !error; i++)
		error = database_prepare(&recording->database, statements[i], &recording->statements[i]);
	/* All that is read is of one moment, however long the writer goes on. */
	if (!error)
		error = database_exec(&recording->database, "BEGIN");
	if (!error)
		error = each_row(recording, READ_ABOUT, add_about);
	if (!error)
		error = each_row(recording, READ_MOMENTS, add_moment);
	if (!error)
		error = each_row(recording, READ_MODULES, add_module);
	if (!error && !recording->n_moments)
		error = database_say(&recording->database, -ENODATA, "it has no snapshot yet");
	return error;
}

int recording_open(const char *path, struct recording **result, char *error, size_t error_size)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	int failed;

	*result = NULL;
	if (!recording)
		return -ENOMEM;
	failed = database_open(&recording->database, path, error, error_size);
	if (!failed)
		failed = schema_check(&recording->database);
	if (!failed)
		failed = read_all(recording);
	if (failed)
		recording_close(recording);
	else
		*result = recording;
	return failed;
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	for (int i = 0; i < READ_COUNT; i++)
		sqlite3_finalize(recording->statements[i]);
	database_close(&recording->database);
	for (size_t i = 0; i < recording->n_texts; i++)
		free(recording->texts[i]);
	free(recording->texts);
	intern_free(recording->raw);
	free(recording->about);
	free(recording->modules);
	free(recording->moments);
	free(recording->places);
	free(recording);
}

const struct moment *recording_moments(const struct recording *recording, size_t *n)
{
	*n = recording->n_moments;
	return recording->moments;
}

const char *recording_about(const struct recording *recording, const char *key)
{
	for (size_t i = 0; i + 1 < recording->n_about; i += 2) {
		if (recording->about[i] && !strcmp(recording->about[i], key))
			return recording->about[i + 1];
	}
	return NULL;
}

bool recording_has_names(const struct recording *recording)
{
	const char *symbols = recording_about(recording, "symbols");

	return symbols && !strcmp(symbols, "resolved");
}

struct module *recording_modules(struct recording *recording, size_t *n)
{
	*n = recording->n_modules;
	return recording->modules;
}

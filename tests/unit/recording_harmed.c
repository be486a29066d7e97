// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are no recordings, or damaged ones: each is refused in one line, or read as far as it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/recording_run.h"

/* What somebody does to a recording. `error`: what then comes of it; 0: it can be read, or is refused when it is. */
static const struct harm {
	const char *sql;
	int error;
	const char *words;
} harms[] = {
    {"PRAGMA user_version = 2", -EINVAL, "newer memtrace"},
    {"PRAGMA user_version = 0", -EINVAL, "older memtrace"},
    {"PRAGMA application_id = 7", -EINVAL, "no recording"},
    {"DROP TABLE loss", -EINVAL, "table loss"},
    {"DROP VIEW stack_at; CREATE VIEW stack_at AS SELECT 1", -EINVAL, "view stack_at"},
    {"DROP TABLE address; CREATE VIEW address AS SELECT 1 AS stack, 1 AS depth, 1 AS address", -EINVAL,
     "table address"},
    {"DROP INDEX stack_by_hash", -EINVAL, "index stack_by_hash"},
    {"DELETE FROM snapshot", -ENODATA, "no snapshot"},
    {"UPDATE snapshot SET whole = 99999 WHERE snapshot = 9", -EBADMSG, "later one"},
    {"UPDATE snapshot SET time_unix_ns = -1 WHERE snapshot = 9", -EBADMSG, "negative"},
    {"UPDATE module SET module = 50 WHERE module = 2", -EBADMSG, "files are missing"},
    {"UPDATE module SET path = NULL", -EBADMSG, "no name"},
    {"CREATE TABLE notes (note TEXT); CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM stack; END", 0, ""},
    {"DELETE FROM stack WHERE stack = 3", 0, ""},
    {"DELETE FROM process WHERE process = 9", 0, "of no process"},
    {"UPDATE stack SET process = -1", 0, "of no process"},
    {"UPDATE stack SET kind = 'slab'", 0, "no known kind"},
    {"UPDATE stack SET kind = NULL", 0, "no known kind"},
    {"UPDATE stack SET \"end\" = x'00ff'", 0, "no known kind"},
    {"UPDATE stack_state SET live_bytes = -5", 0, "negative"},
    /* In what no moment shows any more, but its course does. */
    {"UPDATE stack_state SET alloc_bytes = -5 WHERE snapshot = 2 AND stack IN (SELECT stack FROM stack_state WHERE "
     "snapshot = 3)",
     0, "negative"},
    {"UPDATE stack_state SET live_bytes = 9223372036854775807, alloc_bytes = 'many'", 0, ""},
    {"UPDATE stack_state SET oldest_elapsed_ns = -1", 0, ""},
    {"UPDATE mapping SET first = 7, end = 7, from_version = rowid_of.n FROM (SELECT 1 AS n) rowid_of WHERE "
     "process = 7 AND first = 4194304",
     0, "mapping"},
    {"UPDATE mapping SET module = 99999", 0, "mapping"},
    {"UPDATE process_state SET rss_bytes = -1", 0, "negative"},
    {"UPDATE process_state SET comm = replace(hex(zeroblob(5000)), '0', 'a')", 0, ""},
    {"UPDATE process_state SET comm = NULL", 0, ""},
    {"UPDATE loss SET cause = 'the weather: ' || cause", 0, "cause"},
    {"INSERT INTO node VALUES (-1)", 0, "node"},
    {"INSERT INTO node VALUES (1024)", 0, "node"},
    {"DELETE FROM node", 0, "node"},
    {"UPDATE stack_node SET node = 7 WHERE node = 1", 0, "node"},
    {"UPDATE verdict SET verdict = 'guilty'", 0, "verdict"},
    {"UPDATE verdict SET bytes_per_s = 'NaN', low_bytes_per_s = 1e999, high_bytes_per_s = -1e999", 0, ""},
    {"UPDATE frame SET location = 99999", 0, ""},
    {"UPDATE location SET module = NULL, function = zeroblob(100), line = -1", 0, ""},
    {"UPDATE about SET value = -5 WHERE key = 'since_unix_ns'", 0, ""},
    {"INSERT INTO about VALUES ('since_unix_ns2', zeroblob(1000000))", 0, ""},
};

/* All that a report reads. 0 or the first error. */
static int read_everything(struct recording *recording)
{
	int error = 0;
	size_t n;

	(void)recording_moments(recording, &n);
	for (size_t t = 0; t < n && !error; t += 3) {
		struct snapshot *snapshot;
		struct history *history;

		error = recording_snapshot(recording, t, &snapshot);
		if (error)
			break;
		aggregate_sum(snapshot);
		for (size_t i = 0; i < snapshot->n_stacks && !error; i++)
			error = recording_name(recording, &snapshot->stacks[i]);
		if (!error)
			error = recording_history(recording, snapshot, snapshot->n_stacks, t, 10, &history);
		if (!error)
			history_free(history);
		snapshot_free(snapshot);
	}
	return error;
}

static void check_harm(struct run *run, const struct harm *harm)
{
	struct recording *recording;
	sqlite3 *handle;
	int error;

	write_run(run, 20, true);
	assert_int_equal(sqlite3_open(run->path, &handle), SQLITE_OK);
	if (sqlite3_exec(handle, harm->sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", harm->sql, sqlite3_errmsg(handle));
	sqlite3_close(handle);
	run->error[0] = 0;
	error = recording_open(run->path, &recording, run->error, sizeof(run->error));
	if (error != harm->error)
		fail_msg("%s: %d, %s", harm->sql, error, run->error);
	if (!error) {
		error = read_everything(recording);
		if (!error != !harm->words[0])
			fail_msg("%s: %d, %s", harm->sql, error, run->error);
	}
	if (!strstr(run->error, harm->words) || (error && !strstr(run->error, run->path)) || strchr(run->error, '\n'))
		fail_msg("%s: '%s', not '%s'", harm->sql, run->error, harm->words);
	recording_close(recording);
	unlink(run->path);
}

static void harmed(void **state)
{
	struct run *run = run_new("harmed");

	(void)state;
	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
		check_harm(run, &harms[i]);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(harmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

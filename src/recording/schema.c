// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/schema.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Columns that sums have, here and in the view. */
#define USAGE \
	"live_bytes INTEGER, live_blocks INTEGER, alloc_bytes INTEGER, alloc_count INTEGER, free_bytes INTEGER, " \
	"free_count INTEGER"

// clang-format off
static const struct {
	const char *type, *name, *sql;
} objects[] = {
	{"table", "about", "CREATE TABLE about (key TEXT PRIMARY KEY, value) WITHOUT ROWID"},
	{"table", "process",
	 "CREATE TABLE process (process INTEGER PRIMARY KEY, pid INTEGER, parent INTEGER, is_child INTEGER)"},
	{"table", "module",
	 "CREATE TABLE module (module INTEGER PRIMARY KEY, path TEXT, build_id TEXT, device INTEGER, inode INTEGER, "
	 "replaced INTEGER)"},
	{"table", "mapping",
	 "CREATE TABLE mapping (process INTEGER, first INTEGER, end INTEGER, from_version INTEGER, "
	 "until_version INTEGER, offset INTEGER, module INTEGER, PRIMARY KEY (process, first, end, from_version, offset, "
	 "module)) WITHOUT ROWID"},
	{"table", "stack",
	 "CREATE TABLE stack (stack INTEGER PRIMARY KEY, process INTEGER, kind TEXT, \"end\" TEXT, guessed INTEGER, "
	 "code_version INTEGER, hash INTEGER)"},
	{"index", "stack_by_hash", "CREATE INDEX stack_by_hash ON stack (hash)"},
	{"table", "address",
	 "CREATE TABLE address (stack INTEGER, depth INTEGER, address INTEGER, PRIMARY KEY (stack, depth)) "
	 "WITHOUT ROWID"},
	{"table", "location",
	 "CREATE TABLE location (location INTEGER PRIMARY KEY, module TEXT, build_id TEXT, function TEXT, offset INTEGER, "
	 "file TEXT, line INTEGER, inlined INTEGER)"},
	{"index", "location_by_function", "CREATE INDEX location_by_function ON location (function, offset)"},
	{"table", "frame",
	 "CREATE TABLE frame (stack INTEGER, position INTEGER, address INTEGER, location INTEGER, PRIMARY KEY (stack, "
	 "position)) WITHOUT ROWID"},
	{"table", "node", "CREATE TABLE node (node INTEGER PRIMARY KEY)"},
	{"table", "snapshot",
	 "CREATE TABLE snapshot (snapshot INTEGER PRIMARY KEY, whole INTEGER, time_unix_ns INTEGER, elapsed_ns INTEGER, "
	 USAGE ", resident_bytes INTEGER, complete INTEGER, abandoned_calls INTEGER, unknown_frees INTEGER, "
	 "inherited_frees INTEGER, untraced_children INTEGER, placed INTEGER)"},
	{"table", "loss",
	 "CREATE TABLE loss (snapshot INTEGER, cause TEXT, count INTEGER, PRIMARY KEY (snapshot, cause)) WITHOUT ROWID"},
	{"table", "process_state",
	 "CREATE TABLE process_state (process INTEGER, snapshot INTEGER, comm TEXT, exe TEXT, ended INTEGER, "
	 "exit_status INTEGER, rss_bytes INTEGER, live_bytes INTEGER, slack_bytes INTEGER, mapping_bytes INTEGER, stack_bytes INTEGER, "
	 "data_bytes INTEGER, file_bytes INTEGER, before_bytes INTEGER, unseen_threads INTEGER, "
	 "PRIMARY KEY (process, snapshot)) WITHOUT ROWID"},
	{"table", "stack_state",
	 "CREATE TABLE stack_state (snapshot INTEGER, stack INTEGER, " USAGE ", oldest_elapsed_ns INTEGER, "
	 "not_resident_bytes INTEGER, unplaced_bytes INTEGER, remote_bytes INTEGER, PRIMARY KEY (snapshot, stack)) "
	 "WITHOUT ROWID"},
	{"table", "stack_node",
	 "CREATE TABLE stack_node (snapshot INTEGER, stack INTEGER, node INTEGER, live_bytes INTEGER, live_blocks INTEGER, "
	 "cpu_live_bytes INTEGER, PRIMARY KEY (snapshot, stack, node)) WITHOUT ROWID"},
	{"table", "verdict",
	 "CREATE TABLE verdict (snapshot INTEGER, stack INTEGER, verdict TEXT, points INTEGER, window_ns INTEGER, "
	 "bytes_per_s REAL, low_bytes_per_s REAL, high_bytes_per_s REAL, low_bytes INTEGER, high_bytes INTEGER, "
	 "lifetime_ns INTEGER, projected_bytes INTEGER, projected_ns INTEGER, PRIMARY KEY (snapshot, stack)) "
	 "WITHOUT ROWID"},
	/* Of the rows of a stack the newest one counts: SQLite takes bare columns from the row that max() is of. */
	{"view", "stack_at",
	 "CREATE VIEW stack_at AS SELECT s.snapshot AS snapshot, x.stack AS stack, x.live_bytes AS live_bytes, "
	 "x.live_blocks AS live_blocks, x.alloc_bytes AS alloc_bytes, x.alloc_count AS alloc_count, "
	 "x.free_bytes AS free_bytes, x.free_count AS free_count, max(x.snapshot) AS changed "
	 "FROM snapshot s JOIN stack_state x ON x.snapshot BETWEEN s.whole AND s.snapshot GROUP BY s.snapshot, x.stack"},
	/* Innermost first, a line a frame; without symbols there are none. */
	{"view", "stack_text",
	 "CREATE VIEW stack_text AS SELECT stack, group_concat(text, char(10)) AS frames FROM (SELECT f.stack AS stack, "
	 "coalesce(l.function, printf('0x%x', f.address)) || ' [' || l.module || ']' || CASE WHEN l.file IS NULL THEN '' "
	 "ELSE ' ' || l.file || ':' || l.line END AS text FROM frame f JOIN location l USING (location) "
	 "ORDER BY f.stack, f.position) GROUP BY stack"},
};
// clang-format on

#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

int schema_create(struct database *database)
{
	int error = database_exec(database, "BEGIN");

	for (size_t i = 0; i < OBJECTS && !error; i++)
		error = database_exec(database, objects[i].sql);
	if (!error)
		error = database_set(database, "application_id", SCHEMA_APPLICATION_ID);
	if (!error)
		error = database_set(database, "user_version", SCHEMA_VERSION);
	return database_end(database, error);
}

static int check_object(struct database *database, sqlite3_stmt *find, size_t i)
{
	const char *sql;
	int error;

	sqlite3_reset(find);
	sqlite3_bind_text(find, 1, objects[i].type, -1, SQLITE_STATIC);
	sqlite3_bind_text(find, 2, objects[i].name, -1, SQLITE_STATIC);
	error = database_step(database, find);
	if (error < 0)
		return error;
	sql = error ? (const char *)sqlite3_column_text(find, 0) : NULL;
	if (!sql || strcmp(sql, objects[i].sql) != 0)
		return database_say(database, -EINVAL,
		                    "its %s %s is not what it should be: it is damaged, or was changed",
		                    objects[i].type, objects[i].name);
	return 0;
}

int schema_check(struct database *database)
{
	sqlite3_stmt *find = NULL;
	int64_t id, version;
	int error = database_get(database, "application_id", &id);

	if (!error)
		error = database_get(database, "user_version", &version);
	if (error)
		return error;
	if (id != SCHEMA_APPLICATION_ID)
		return database_say(database, -EINVAL, "it is no recording of memtrace");
	if (version != SCHEMA_VERSION)
		return database_say(database, -EINVAL,
		                    "it is of version %lld, and this memtrace reads version %d alone: use %s memtrace",
		                    (long long)version, SCHEMA_VERSION,
		                    version > SCHEMA_VERSION ? "a newer" : "an older");
	error = database_prepare(database, "SELECT sql FROM sqlite_master WHERE type = ? AND name = ?", &find);
	for (size_t i = 0; i < OBJECTS && !error; i++)
		error = check_object(database, find, i);
	sqlite3_finalize(find);
	return error;
}

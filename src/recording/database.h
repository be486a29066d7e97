/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQLite, with errors as memtrace has them: 0 or -errno, and one line that says what has failed. */
#ifndef MEMTRACE_RECORDING_DATABASE_H
#define MEMTRACE_RECORDING_DATABASE_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct database {
	sqlite3 *handle; /* owned */
	const char *path;
	char *error; /* one line, begun with the path; the caller's */
	size_t error_size;
};

/* To be written: a new file. To be read: what is written to it meanwhile can be seen. database_close() must follow. */
int database_create(struct database *database, const char *path, char *error, size_t error_size);
int database_open(struct database *database, const char *path, char *error, size_t error_size);
/* After everything that was prepared has been finalized. 0 or -errno. */
int database_close(struct database *database);

/* Writes the line "PATH: …". Returns `error`. */
__attribute__((format(printf, 3, 4))) int database_say(struct database *database, int error, const char *format, ...);
/* The same for what SQLite has just said. Returns the -errno of it, -EBADMSG for a file that is damaged. */
int database_fail(struct database *database);

int database_exec(struct database *database, const char *sql);
/* Commits what went well (`error` 0), and rolls back what did not. What went wrong first is returned, and stays said.
 */
int database_end(struct database *database, int error);
int database_prepare(struct database *database, const char *sql, sqlite3_stmt **statement);

/* 1: there is a row, 0: none any more; or -errno. */
int database_step(struct database *database, sqlite3_stmt *statement);
/*
 * Runs a statement that yields no row, with a value for each letter: i: int64_t, d: double, t: const char * or NULL,
 * -: int64_t, in place of which NULL is stored. 0 or -errno.
 */
int database_run(struct database *database, sqlite3_stmt *statement, const char *letters, ...);
/* Binds the values and is ready for database_step(). */
int database_bind(struct database *database, sqlite3_stmt *statement, const char *letters, ...);

/* A pragma that is a number. */
int database_get(struct database *database, const char *pragma, int64_t *value);
int database_set(struct database *database, const char *pragma, int64_t value);

#endif

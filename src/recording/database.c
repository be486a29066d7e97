// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files are hostile when they are read: their schema may call nothing that does harm (trusted_schema), pages are looked
 * at before they are used (cell_size_check), and nothing in them is written to.
 *
 * They are written in WAL mode: whoever reads never waits for the writer nor the writer for him, and after a crash the
 * file is as the last transaction left it (https://sqlite.org/wal.html).
 */
#include "recording/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 10000
/* A row, or a text, that is read. What the kernel takes for a command line is within 6 MiB. */
#define READ_BYTES_MAX (8 << 20)

int database_say(struct database *database, int error, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(database->error, database->error_size, "%s: %s", database->path, text);
	return error;
}

/* The -errno of a result of SQLite's. */
static int error_of(sqlite3 *handle, int code)
{
	int system = handle ? sqlite3_system_errno(handle) : 0;

	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return system ? -system : -ENOENT;
	case SQLITE_IOERR:
		return system ? -system : -EIO;
	case SQLITE_TOOBIG:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}

int database_fail(struct database *database)
{
	int code = sqlite3_extended_errcode(database->handle), error = error_of(database->handle, code);

	if (error == -EBADMSG)
		return database_say(database, error, "it is damaged, or no recording: %s",
		                    sqlite3_errmsg(database->handle));
	return database_say(database, error ? error : -EIO, "%s", strerror(error ? -error : EIO));
}

static int open_handle(struct database *database, const char *path, int flags, char *error, size_t error_size)
{
	int code;

	*database = (struct database){.path = path, .error = error, .error_size = error_size};
	code = sqlite3_open_v2(path, &database->handle, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, NULL);
	if (!database->handle)
		return database_say(database, -ENOMEM, "out of memory");
	if (code != SQLITE_OK)
		return database_fail(database);
	sqlite3_busy_timeout(database->handle, BUSY_MS);
	return 0;
}

int database_create(struct database *database, const char *path, char *error, size_t error_size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), failed;

	*database = (struct database){.path = path, .error = error, .error_size = error_size};
	if (fd < 0)
		return database_say(database, -errno, "cannot be made: %s", strerror(errno));
	close(fd);
	failed = open_handle(database, path, SQLITE_OPEN_READWRITE, error, error_size);
	if (!failed)
		failed = database_exec(database, "PRAGMA journal_mode = WAL");
	/* A power failure may cost the last snapshots, never the file. */
	return failed ? failed : database_exec(database, "PRAGMA synchronous = NORMAL");
}

static bool stands_beside(const char *path, const char *ending)
{
	char name[PATH_MAX + 8];

	snprintf(name, sizeof(name), "%s%s", path, ending);
	return !access(name, F_OK);
}

static bool is_writable_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return !access(directory, W_OK);
}

/* As a URI by which SQLite takes the file for one that nobody writes. https://sqlite.org/uri.html */
static void immutable_uri(char uri[3 * PATH_MAX + 32], const char *path)
{
	size_t n = (size_t)sprintf(uri, "file:");

	for (const char *c = path; *c && n < (size_t)3 * PATH_MAX; c++) {
		if (strchr("?#%", *c) || (unsigned char)*c <= ' ')
			n += (size_t)sprintf(uri + n, "%%%02x", (unsigned char)*c);
		else
			uri[n++] = *c;
	}
	strcpy(uri + n, "?immutable=1");
}

/*
 * In WAL mode SQLite writes beside the file, also to read it. Where it may not, the file is all there is, unless its
 * writer was killed. 0 or -errno.
 */
static int open_readonly(struct database *database, const char *path, char *error, size_t error_size)
{
	char uri[3 * PATH_MAX + 32];
	int failed;

	if (is_writable_beside(path) || stands_beside(path, "-shm"))
		return open_handle(database, path, SQLITE_OPEN_READONLY, error, error_size);
	if (stands_beside(path, "-wal"))
		return database_say(database, -EACCES,
		                    "it goes on in %s-wal, and nothing can be written beside it: copy both to a "
		                    "directory of yours",
		                    path);
	immutable_uri(uri, path);
	failed = open_handle(database, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error, error_size);
	database->path = path;
	return failed;
}

int database_open(struct database *database, const char *path, char *error, size_t error_size)
{
	static const char *const settings[] = {
	    "PRAGMA trusted_schema = OFF",
	    "PRAGMA cell_size_check = ON",
	    "PRAGMA mmap_size = 0",
	};
	struct stat stat_of;
	int failed;

	*database = (struct database){.path = path, .error = error, .error_size = error_size};
	if (stat(path, &stat_of) || access(path, R_OK))
		return database_say(database, -errno, "cannot be read: %s", strerror(errno));
	/* Whoever opens a FIFO waits. */
	if (!S_ISREG(stat_of.st_mode))
		return database_say(database, -EINVAL, "it is no file with a recording");
	failed = open_readonly(database, path, error, error_size);
	if (failed)
		return failed;
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_limit(database->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(database->handle, SQLITE_LIMIT_LENGTH, READ_BYTES_MAX);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && !failed; i++)
		failed = database_exec(database, settings[i]);
	return failed;
}

int database_close(struct database *database)
{
	int code = sqlite3_close(database->handle);

	database->handle = NULL;
	return error_of(NULL, code);
}

int database_exec(struct database *database, const char *sql)
{
	return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : database_fail(database);
}

int database_end(struct database *database, int error)
{
	if (!error)
		error = database_exec(database, "COMMIT");
	/* SQLite may have rolled it back already. */
	if (error && !sqlite3_get_autocommit(database->handle))
		sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

int database_prepare(struct database *database, const char *sql, sqlite3_stmt **statement)
{
	return sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) == SQLITE_OK
	           ? 0
	           : database_fail(database);
}

int database_step(struct database *database, sqlite3_stmt *statement)
{
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return database_fail(database);
	}
}

static int bind_all(struct database *database, sqlite3_stmt *statement, const char *letters, va_list arguments)
{
	int code = SQLITE_OK;

	sqlite3_reset(statement);
	for (int i = 0; letters[i] && code == SQLITE_OK; i++) {
		switch (letters[i]) {
		case 'i':
			code = sqlite3_bind_int64(statement, i + 1, va_arg(arguments, int64_t));
			break;
		case 'd':
			code = sqlite3_bind_double(statement, i + 1, va_arg(arguments, double));
			break;
		case 't':
			code =
			    sqlite3_bind_text(statement, i + 1, va_arg(arguments, const char *), -1, SQLITE_TRANSIENT);
			break;
		default:
			(void)va_arg(arguments, int64_t);
			code = sqlite3_bind_null(statement, i + 1);
		}
	}
	return code == SQLITE_OK ? 0 : database_fail(database);
}

int database_bind(struct database *database, sqlite3_stmt *statement, const char *letters, ...)
{
	va_list arguments;
	int error;

	va_start(arguments, letters);
	error = bind_all(database, statement, letters, arguments);
	va_end(arguments);
	return error;
}

int database_run(struct database *database, sqlite3_stmt *statement, const char *letters, ...)
{
	va_list arguments;
	int error;

	va_start(arguments, letters);
	error = bind_all(database, statement, letters, arguments);
	va_end(arguments);
	if (!error)
		error = database_step(database, statement);
	sqlite3_reset(statement);
	return error < 0 ? error : 0;
}

int database_get(struct database *database, const char *pragma, int64_t *value)
{
	sqlite3_stmt *statement = NULL;
	char sql[64];
	int error;

	snprintf(sql, sizeof(sql), "PRAGMA %s", pragma);
	error = database_prepare(database, sql, &statement);
	if (!error)
		error = database_step(database, statement);
	if (error > 0)
		*value = sqlite3_column_int64(statement, 0);
	else if (!error)
		error = database_say(database, -EBADMSG, "it is damaged, or no recording");
	sqlite3_finalize(statement);
	return error < 0 ? error : 0;
}

int database_set(struct database *database, const char *pragma, int64_t value)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "PRAGMA %s = %lld", pragma, (long long)value);
	return database_exec(database, sql);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names beside the file that are tried: others are left from runs that were killed. */
#define TEMPORARY_TRIES 100

struct text {
	whole_file_writer *write;
	void *context;
};

/* Writes into the descriptor and closes it, whatever happens. */
static int write_and_close(const struct text *text, int fd)
{
	FILE *out = fdopen(fd, "w");
	int err;

	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	err = text->write(out, text->context);
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int write_directly(const struct text *text, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : write_and_close(text, fd);
}

/* Through the descriptor that is open already: the file behind it may be appended to by others. */
static int write_to_standard(const struct text *text, int standard_fd)
{
	int fd = fcntl(standard_fd, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : write_and_close(text, fd);
}

/* Creates a file of a new name beside `path` (same folder, so that it can be renamed). */
static int create_beside(const char *path, char temporary[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int folder_length = slash ? (int)(slash - path + 1) : 0;

	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		int fd, length = snprintf(temporary, PATH_MAX, "%.*s.memtrace-%d-%d.tmp", folder_length, path,
		                          (int)getpid(), i);
		if (length >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

/* Gives the new file what the old one had. The owner can be set by root alone: best effort. */
static int keep_mode(int fd, const struct stat *old)
{
	if (fchown(fd, old->st_uid, old->st_gid) && errno != EPERM)
		return -errno;
	return fchmod(fd, old->st_mode & 07777) ? -errno : 0;
}

/* `old` is NULL where there is no file yet. */
static int replace(const struct text *text, const char *path, const struct stat *old)
{
	char temporary[PATH_MAX];
	int err, fd = create_beside(path, temporary);

	if (fd < 0)
		return fd;
	err = old ? keep_mode(fd, old) : 0;
	if (err)
		close(fd);
	else
		err = write_and_close(text, fd);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

static int replace_resolved(const struct text *text, const char *path, const struct stat *old)
{
	char *resolved = realpath(path, NULL);
	int err = resolved ? replace(text, resolved, old) : -errno;

	free(resolved);
	return err;
}

static bool is_same_file(int fd, const struct stat *file)
{
	struct stat open_file;

	return !fstat(fd, &open_file) && open_file.st_dev == file->st_dev && open_file.st_ino == file->st_ino;
}

int whole_file_write(const char *path, whole_file_writer *write, void *context)
{
	const struct text whole = {.write = write, .context = context}, *text = &whole;
	struct stat old;

	if (stat(path, &old))
		return errno == ENOENT ? replace(text, path, NULL) : -errno;
	if (is_same_file(STDOUT_FILENO, &old))
		return write_to_standard(text, STDOUT_FILENO);
	if (is_same_file(STDERR_FILENO, &old))
		return write_to_standard(text, STDERR_FILENO);
	if (!S_ISREG(old.st_mode))
		return write_directly(text, path);
	return replace_resolved(text, path, &old);
}

/* A text is put beside its file first, so a file must be possible there. */
static int check_directory(const char *path)
{
	char temporary[PATH_MAX];
	int fd = create_beside(path, temporary);

	if (fd < 0)
		return fd;
	unlink(temporary);
	close(fd);
	return 0;
}

int whole_file_check(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno == ENOENT ? check_directory(path) : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return access(path, W_OK) ? -errno : 0;
	return check_directory(path);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names beside the file that are tried: others are left from runs that were killed. */
#define TEMPORARY_TRIES 100

struct output {
	const struct renderer *renderer;
	const struct snapshot *snapshot;      /* NULL: the other */
	const struct machine_report *machine; /* NULL: the other */
	struct render_options options;
};

static int render(const struct output *output, FILE *out)
{
	if (output->machine)
		return output->renderer->machine(out, output->machine, &output->options);
	return output->renderer->report(out, output->snapshot, &output->options);
}

/* Renders into the descriptor and closes it, whatever happens. */
static int write_and_close(const struct output *output, int fd)
{
	FILE *out = fdopen(fd, "w");
	int err;

	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	err = render(output, out);
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int write_directly(const struct output *output, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : write_and_close(output, fd);
}

/* Through the descriptor that is open already: the file behind it may be appended to by others. */
static int write_to_standard(const struct output *output, int standard_fd)
{
	int fd = fcntl(standard_fd, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : write_and_close(output, fd);
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
static int replace(const struct output *output, const char *path, const struct stat *old)
{
	char temporary[PATH_MAX];
	int err, fd = create_beside(path, temporary);

	if (fd < 0)
		return fd;
	err = old ? keep_mode(fd, old) : 0;
	if (err)
		close(fd);
	else
		err = write_and_close(output, fd);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

static int replace_resolved(const struct output *output, const char *path, const struct stat *old)
{
	char *resolved = realpath(path, NULL);
	int err = resolved ? replace(output, resolved, old) : -errno;

	free(resolved);
	return err;
}

static bool is_same_file(int fd, const struct stat *file)
{
	struct stat open_file;

	return !fstat(fd, &open_file) && open_file.st_dev == file->st_dev && open_file.st_ino == file->st_ino;
}

static int output_to_file(const struct output *output, const char *path)
{
	struct stat old;

	if (stat(path, &old))
		return errno == ENOENT ? replace(output, path, NULL) : -errno;
	if (is_same_file(STDOUT_FILENO, &old))
		return write_to_standard(output, STDOUT_FILENO);
	if (is_same_file(STDERR_FILENO, &old))
		return write_to_standard(output, STDERR_FILENO);
	if (!S_ISREG(old.st_mode))
		return write_directly(output, path);
	return replace_resolved(output, path, &old);
}

static int put(struct output *output, const char *path)
{
	if (!path)
		return render(output, stdout);
	output->options.colour = false;
	return output_to_file(output, path);
}

int output_report(const char *path, const struct renderer *renderer, const struct snapshot *snapshot,
                  const struct render_options *options)
{
	struct output output = {.renderer = renderer, .snapshot = snapshot, .options = *options};

	return put(&output, path);
}

int output_machine(const char *path, const struct renderer *renderer, const struct machine_report *report,
                   const struct render_options *options)
{
	struct output output = {.renderer = renderer, .machine = report, .options = *options};

	return renderer->machine ? put(&output, path) : -EOPNOTSUPP;
}

/* A report is put beside its file first, so a file must be possible there. */
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

int output_check(const char *path)
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

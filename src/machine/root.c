// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/text.h"
#include "util/grow.h"

#define FIRST_READ_BYTES 4096
#define INDEX_MAX 65535

/* Reads all that is left of the file. The kernel makes many files anew for each read, so reads are large. */
static int read_all(int fd, char **text)
{
	size_t room = FIRST_READ_BYTES, length = 0;
	char *buffer = malloc(room + 1);

	while (buffer) {
		ssize_t n = read(fd, buffer + length, room - length);
		char *grown;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? -errno : 0;

			if (error) {
				free(buffer);
				return error;
			}
			buffer[length] = '\0';
			*text = buffer;
			return 0;
		}
		length += (size_t)n;
		if (length < room)
			continue;
		if (room >= ROOT_FILE_MAX_BYTES) {
			free(buffer);
			return -EFBIG;
		}
		room *= 2;
		grown = realloc(buffer, room + 1);
		if (!grown)
			free(buffer);
		buffer = grown;
	}
	return -ENOMEM;
}

static int read_path(int root_fd, char **text, const char *path_format, va_list arguments)
{
	char path[PATH_MAX];
	int fd, error, length = vsnprintf(path, sizeof(path), path_format, arguments);

	if (length < 0 || length >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	error = read_all(fd, text);
	close(fd);
	return error;
}

int root_read(int root_fd, char **text, const char *path_format, ...)
{
	va_list arguments;
	int error;

	va_start(arguments, path_format);
	error = read_path(root_fd, text, path_format, arguments);
	va_end(arguments);
	return error;
}

int root_number(int root_fd, uint64_t *value, const char *path_format, ...)
{
	const char *next;
	struct span line;
	va_list arguments;
	char *text = NULL;
	int error;

	va_start(arguments, path_format);
	error = read_path(root_fd, &text, path_format, arguments);
	va_end(arguments);
	if (error)
		return error;
	next = text;
	if (!text_line(&next, &line) || !span_decimal(span_trim(line), value))
		error = -EINVAL;
	free(text);
	return error;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct root_names *names, const char *name)
{
	char *copy;
	int error = grow_list((void **)&names->list, names->n, sizeof(*names->list));

	if (error)
		return error;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	names->list[names->n++] = copy;
	return 0;
}

int root_list(int root_fd, struct root_names *names, const char *path)
{
	int error = 0, fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*names = (struct root_names){0};
	if (!directory) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	while (!error && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = add_name(names, entry->d_name);
	}
	closedir(directory);
	if (error)
		root_names_free(names);
	else if (names->n)
		qsort(names->list, names->n, sizeof(*names->list), compare_names);
	return error;
}

void root_names_free(struct root_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct root_names){0};
}

int root_index(const char *name, const char *prefix)
{
	struct span rest = {name, strlen(name)};
	uint64_t value;

	if (!span_skip(&rest, prefix) || !span_decimal(rest, &value) || value > INDEX_MAX)
		return -1;
	return (int)value;
}

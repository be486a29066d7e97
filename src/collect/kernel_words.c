// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/kernel_words.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/grow.h"

/* Hexadecimal digits behind `before`, and `before` behind the beginning of the line. */
static bool number_behind(const char *line, const char *beginning, const char *before, uint64_t *number)
{
	const char *at;
	char *end;

	if (strncmp(line, beginning, strlen(beginning)) != 0)
		return false;
	at = strstr(line, before);
	if (!at)
		return false;
	at += strlen(before);
	errno = 0;
	*number = strtoull(at, &end, 16);
	return end != at && !errno;
}

bool kernel_words_epoll(const char *line, uint64_t *word)
{
	return number_behind(line, "tfd:", " data:", word);
}

bool kernel_words_timer(const char *line, uint64_t *word)
{
	return number_behind(line, "signal:", "/", word);
}

static bool is_epoll(pid_t pid, const char *descriptor)
{
	static const char wanted[] = "anon_inode:[eventpoll]";
	char path[64], target[sizeof(wanted)];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", pid, descriptor);
	length = readlink(path, target, sizeof(target));
	return length == sizeof(wanted) - 1 && !memcmp(target, wanted, sizeof(wanted) - 1);
}

int kernel_words_find(pid_t pid, int **descriptors, size_t *n)
{
	struct dirent *entry;
	char path[64];
	DIR *directory;
	int error = 0;

	*descriptors = NULL;
	*n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && !error && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || !is_epoll(pid, entry->d_name))
			continue;
		error = grow_list((void **)descriptors, *n, sizeof(**descriptors));
		if (!error)
			(*descriptors)[(*n)++] = (int)strtol(entry->d_name, NULL, 10);
	}
	if (directory)
		closedir(directory);
	return error;
}

static int each_of(const char *path, enum reach_kept kept,
                   int (*found)(void *context, enum reach_kept kept, uint64_t word), void *context)
{
	bool (*parse)(const char *line, uint64_t *word) =
	    kept == REACH_KEPT_FOR_EPOLL ? kernel_words_epoll : kernel_words_timer;
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	uint64_t word;
	int result = 0;

	while (file && !result && getline(&line, &size, file) >= 0) {
		if (parse(line, &word))
			result = found(context, kept, word);
	}
	free(line);
	if (file)
		fclose(file);
	return result;
}

int kernel_words_each(pid_t pid, const int *descriptors, size_t n,
                      int (*found)(void *context, enum reach_kept kept, uint64_t word), void *context)
{
	char path[64];
	int result;

	snprintf(path, sizeof(path), "/proc/%d/timers", pid);
	result = each_of(path, REACH_KEPT_FOR_TIMER, found, context);
	for (size_t i = 0; i < n && !result; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, descriptors[i]);
		result = each_of(path, REACH_KEPT_FOR_EPOLL, found, context);
	}
	return result;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/thread_stacks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"

/* proc_pid_syscall(5): a number and six arguments, or -1; then stack pointer and program counter. */
bool thread_stacks_parse(const char *text, uint64_t *stack_pointer)
{
	unsigned long long before = 0, last = 0;
	size_t n = 0;

	for (;; n++) {
		unsigned long long number;
		char *end;

		errno = 0;
		number = strtoull(text, &end, 0);
		if (end == text || errno || (*end && *end != ' ' && *end != '\n'))
			break;
		before = last;
		last = number;
		text = end;
	}
	*stack_pointer = before;
	return (n == 3 || n == 9) && before && text[strspn(text, "\n")] == '\0';
}

static bool find_stack(pid_t pid, const char *thread, uint64_t *stack_pointer)
{
	char path[320], text[256];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", pid, thread);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return thread_stacks_parse(text, stack_pointer);
}

int thread_stacks_read(pid_t pid, uint64_t **stack_pointers, size_t *n, uint64_t *unseen)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	int error = 0;

	*stack_pointers = NULL;
	*n = 0;
	*unseen = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while (!error && (entry = readdir(directory))) {
		long thread = strtol(entry->d_name, NULL, 10);
		uint64_t stack_pointer;

		if (thread <= 0 || thread == pid)
			continue;
		if (!find_stack(pid, entry->d_name, &stack_pointer)) {
			++*unseen;
			continue;
		}
		error = grow_list((void **)stack_pointers, *n, sizeof(**stack_pointers));
		if (!error)
			(*stack_pointers)[(*n)++] = stack_pointer;
	}
	closedir(directory);
	if (error)
		free(*stack_pointers);
	return error;
}

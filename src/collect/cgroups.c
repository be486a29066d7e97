// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/cgroups.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/grow.h"

#define MOST_DIRECTORIES 65536 /* who may make cgroups may make many */

/* The first place where version 2 is mounted: proc_pid_mountinfo(5). */
static bool find_mount(char point[PATH_MAX])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file && !found && getline(&line, &size, file) >= 0)
		found = strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1;
	free(line);
	if (file)
		fclose(file);
	return found;
}

static int compare_id(const void *a, const void *b)
{
	const struct cgroup_directory *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

const char *cgroup_directories_find(const struct cgroup_directories *directories, uint32_t id)
{
	const struct cgroup_directory key = {.id = id};
	const struct cgroup_directory *found =
	    directories->n ? bsearch(&key, directories->list, directories->n, sizeof(key), compare_id) : NULL;

	return found ? found->path : NULL;
}

/* `old`: of these the first that many stand in their order already. */
static int add(struct cgroup_directories *directories, size_t old, uint32_t id, const char *path)
{
	const struct cgroup_directories before = {.list = directories->list, .n = old};
	struct cgroup_directory *directory;

	if (directories->n >= MOST_DIRECTORIES || cgroup_directories_find(&before, id))
		return 0;
	if (grow_list((void **)&directories->list, directories->n, sizeof(*directories->list)))
		return -ENOMEM;
	directory = &directories->list[directories->n];
	*directory = (struct cgroup_directory){.id = id, .path = strdup(*path ? path : "/")};
	if (!directory->path)
		return -ENOMEM;
	directories->n++;
	return 0;
}

/* Directories alone are looked at: each file looked at would be an inode and a dentry more in the kernel. */
static int walk(struct cgroup_directories *directories, char *point)
{
	char *const roots[] = {point, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV | FTS_NOSTAT, NULL);
	size_t old = directories->n, length = strcmp(point, "/") != 0 ? strlen(point) : 0;
	FTSENT *entry;
	int error = 0;

	if (!tree)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!error && (entry = fts_read(tree))) {
		struct stat status;

		if (entry->fts_info == FTS_D && !stat(entry->fts_accpath, &status))
			error = add(directories, old, (uint32_t)status.st_ino, entry->fts_path + length);
	}
	fts_close(tree);
	if (directories->n)
		qsort(directories->list, directories->n, sizeof(*directories->list), compare_id);
	return error;
}

int cgroup_directories_look(struct cgroup_directories *directories)
{
	char point[PATH_MAX];

	return find_mount(point) ? walk(directories, point) : 0;
}

void cgroup_directories_clear(struct cgroup_directories *directories)
{
	for (size_t i = 0; i < directories->n; i++)
		free(directories->list[i].path);
	free(directories->list);
	*directories = (struct cgroup_directories){.n = 0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* --cache, --order, --node, --pid, --cgroup: told to the programs, which leave the rest out before any stack is taken.
 */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "collect/kernel_internal.h"
#include "collect/nodes.h"

#define NAME_SHOWN 256 /* bytes of a path in a message */

static int add_name(struct mk_filter *filter, const char *name)
{
	if (filter->n_caches >= MK_WANTED_CACHES || strlen(name) >= MK_NAME_BYTES)
		return -E2BIG;
	memcpy(filter->cache[filter->n_caches++], name, strlen(name) + 1);
	return 0;
}

/* A cache goes by one of its names in the kernel, whichever it was made under first. */
static int set_cache(struct kernel_session *session, struct mk_filter *filter, char *error, size_t error_size)
{
	const struct slab_cache *cache = slab_caches_find(&session->caches, session->options.cache);
	int code;

	if (!cache) {
		snprintf(error, error_size, "no slab cache is named '%.*s'; memtrace system lists them", MK_NAME_BYTES,
		         session->options.cache);
		return -ENOENT;
	}
	code = add_name(filter, cache->name);
	for (size_t i = 0; i < cache->n_aliases && !code; i++)
		code = add_name(filter, cache->aliases[i]);
	if (code)
		snprintf(error, error_size, "the cache has more names than memtrace can follow (%d)", MK_WANTED_CACHES);
	return code;
}

static int count_levels(const char *path)
{
	int levels = 0;

	for (; *path; path++)
		levels += *path == '/' && path[1] && path[1] != '/';
	return levels;
}

/* How far below the root of all cgroups the directory is: /proc/self/mountinfo, proc_pid_mountinfo(5). */
static int cgroup_level(const char *directory)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t size = 0, longest = 0;
	char *line = NULL, root[PATH_MAX], point[PATH_MAX];
	int level = -ENOENT;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0) {
		size_t length;

		if (!strstr(line, " - cgroup2 ") || sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2)
			continue;
		length = strcmp(point, "/") != 0 ? strlen(point) : 0;
		if (strncmp(directory, point, length) != 0 || (directory[length] && directory[length] != '/') ||
		    length < longest)
			continue;
		longest = length;
		level = count_levels(root) + count_levels(directory + length);
	}
	free(line);
	fclose(file);
	return level;
}

static int set_cgroup(const struct kernel_session *session, struct mk_filter *filter, char *error, size_t error_size)
{
	const char *path = session->options.cgroup;
	char directory[PATH_MAX];
	struct statfs filesystem;
	struct stat status;
	int level;

	if (!realpath(path, directory) || statfs(directory, &filesystem) || stat(directory, &status)) {
		level = -errno;
		snprintf(error, error_size, "cannot read the cgroup %.*s: %s", NAME_SHOWN, path, strerror(-level));
		return level;
	}
	level = filesystem.f_type == CGROUP2_SUPER_MAGIC && S_ISDIR(status.st_mode) ? cgroup_level(directory) : -ENOENT;
	if (level < 0) {
		snprintf(error, error_size, "%.*s is no directory of cgroup v2 (mount -t cgroup2)", NAME_SHOWN, path);
		return level;
	}
	filter->cgroup = status.st_ino; /* the ID of a cgroup */
	filter->cgroup_level = level;
	return 0;
}

/* PROC_PID_INIT_INO, include/linux/proc_ns.h */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU

/* The programs know processes by the numbers that they have there. */
static int check_namespace(char *error, size_t error_size)
{
	struct stat status;

	if (stat("/proc/self/ns/pid", &status) || status.st_ino == INITIAL_PID_NAMESPACE)
		return 0;
	snprintf(error, error_size,
	         "processes cannot be told apart from within a PID namespace: run memtrace kernel outside of it, or "
	         "with --by cgroup");
	return -ENOTSUP;
}

int kernel_filter_set(struct kernel_session *session, char *error, size_t error_size)
{
	const struct kernel_options *options = &session->options;
	struct mk_filter *filter = &session->bpf->rodata->filter;
	int code = 0;

	_Static_assert((int)LAID_TO_PROCESS == MK_BY_PROCESS && (int)LAID_TO_CGROUP == MK_BY_CGROUP,
	               "whom allocations are laid to");
	filter->order = options->order;
	filter->node = options->node;
	filter->processes = options->n_pids != 0;
	filter->by = (enum mk_by)options->laid_to;
	if (options->n_pids || options->laid_to == LAID_TO_PROCESS)
		code = check_namespace(error, error_size);
	if (!code && options->cache)
		code = set_cache(session, filter, error, error_size);
	if (!code && options->node >= 0)
		code = nodes_check((unsigned int)options->node, error, error_size);
	if (!code && options->cgroup)
		code = set_cgroup(session, filter, error, error_size);
	return code;
}

int kernel_filter_processes(struct kernel_session *session)
{
	uint32_t one = 1;

	for (size_t i = 0; i < session->options.n_pids; i++) {
		uint32_t tgid = (uint32_t)session->options.pids[i];

		if (bpf_map_update_elem(bpf_map__fd(session->bpf->maps.wanted_processes), &tgid, &one, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which directory a cgroup of version 2 is, by the lower half of its ID, which is the directory's inode number. */
#ifndef MEMTRACE_COLLECT_CGROUPS_H
#define MEMTRACE_COLLECT_CGROUPS_H

#include <stddef.h>
#include <stdint.h>

struct cgroup_directory {
	uint32_t id;
	char *path; /* below the hierarchy's mount point; "/" is that itself */
};

/* All that were ever seen: cgroups go, and what they made the kernel allocate stays. */
struct cgroup_directories {
	struct cgroup_directory *list; /* by ID */
	size_t n;
};

/* Looks what there is now, and adds what is new. Nothing is where no cgroup v2 is mounted. 0 or -ENOMEM. */
int cgroup_directories_look(struct cgroup_directories *directories);
void cgroup_directories_clear(struct cgroup_directories *directories);

/* NULL: not known. */
const char *cgroup_directories_find(const struct cgroup_directories *directories, uint32_t id);

#endif

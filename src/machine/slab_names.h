/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of merged slab caches. SLUB lets caches of the same size and flags be one; /proc/slabinfo
 * then shows the name that came first, and /sys/kernel/slab has a link for each name to the directory
 * of the one cache.
 */
#ifndef MEMTRACE_MACHINE_SLAB_NAMES_H
#define MEMTRACE_MACHINE_SLAB_NAMES_H

#include "model/slab.h"

#define SLAB_DIRECTORY "sys/kernel/slab"

/* A name and the directory that it is, or leads to. */
struct slab_link {
	char *name, *directory;
};

struct slab_names {
	struct slab_link *links; /* sorted by name */
	size_t n;
};

/* 0 or -errno of /sys/kernel/slab. Free with slab_names_free(). */
int slab_names_read(int root_fd, struct slab_names *names);
void slab_names_free(struct slab_names *names);
/* Gives the cache its other names, in place of those it has. 0 or -ENOMEM. */
int slab_names_set(const struct slab_names *names, struct slab_cache *cache);

/* The cache's name as sysfs has it, which is no other directory's; NULL when out of memory. The caller frees. */
char *slab_directory_name(const char *cache);
/* 0 where the directory exists, or -errno. */
int slab_directory_check(int root_fd, const char *directory);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA: which nodes there are, and on which a process's pages lie. */
#ifndef MEMTRACE_COLLECT_NODES_H
#define MEMTRACE_COLLECT_NODES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/placement.h"

/* Parses a list like "0-3,8" (sysfs cpulist). Returns how many numbers, at most `max`. */
size_t nodes_parse(const char *list, int *nodes, size_t max);

/* The nodes that are online; at least one, with room for NODES_MAX. The caller frees. NULL when out of memory. */
int *nodes_online(size_t *n);

/* All numbers of nodes that there may ever be are below this. */
int nodes_end(void);

/* 0 if the node is online; else -EINVAL with one line in `error`, or -ENOMEM. */
int nodes_check(unsigned int node, char *error, size_t error_size);

/*
 * On which node the page of each address lies (move_pages(2) as a query); -1: not
 * resident, or not to be told. 0 or -errno.
 */
int nodes_of_pages(pid_t pid, const uint64_t *addresses, size_t n, int *nodes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes of pages by the page frames that they are in, for what some kernels hide from move_pages(2).
 *
 * Linux 6.1 to 6.4 says of pages without access that they are not there (474098edac26, until d74943a2f3cd):
 * those of PROT_NONE mappings, and those on which automatic NUMA balancing waits for the next touch.
 */
#ifndef MEMTRACE_COLLECT_FRAMES_H
#define MEMTRACE_COLLECT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "collect/resident.h"

/* Whether this kernel hides such pages; tried on one of memtrace's own. */
bool frames_hidden(void);

struct frames;

/* Of the process that a live thread belongs to. 0 or -errno. */
int frames_open(pid_t thread, struct frames **result);
void frames_close(struct frames *frames);

/*
 * Looks at those of the pages whose node is negative: sets the node of what is resident after all;
 * NODES_MAX where it is not to be told. 0 or -errno.
 */
int frames_find(struct frames *frames, const struct resident_piece *pages, int *nodes, size_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA nodes: /sys/devices/system/node. */
#ifndef MEMTRACE_MACHINE_NODES_H
#define MEMTRACE_MACHINE_NODES_H

#include "model/machine.h"

/*
 * Adds the nodes with their memory and counters, which change all the time; 0 or -errno of the
 * directory. A kernel without NUMA has none.
 */
int machine_nodes_read(int root_fd, struct machine *machine);
/* CPUs and distances of the nodes, which rarely change. 0 or -ENOMEM. */
int machine_nodes_describe(int root_fd, struct machine *machine);

#endif

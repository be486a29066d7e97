/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slab caches: /proc/slabinfo, and what /sys/kernel/slab (SLUB alone has it) adds to it. */
#ifndef MEMTRACE_MACHINE_SLABINFO_H
#define MEMTRACE_MACHINE_SLABINFO_H

#include "model/slab.h"

/* What is read beside /proc/slabinfo. */
enum slabinfo_parts {
	SLABINFO_ALIASES = 1, /* under which other names a cache goes */
	SLABINFO_DETAILS =
	    2,              /* the size asked for, what CPUs keep back, whether it is reclaimable: they never change */
	SLABINFO_NODES = 4, /* slabs and objects by node; needs a kernel with CONFIG_SLUB_DEBUG */
	/* Active objects by node. Dear: the kernel walks each node's list of partial slabs with its lock held. */
	SLABINFO_NODES_ACTIVE = 8,
};

/*
 * Reads all caches below root_fd ("/"). 0 or -errno of /proc/slabinfo, which root alone may read; what
 * /sys/kernel/slab lacks is left unknown, and aliases_error tells why. Free with slab_caches_free().
 */
int slabinfo_read(int root_fd, unsigned int parts, struct slab_caches *caches);
/* Reads SLABINFO_DETAILS, _NODES or _NODES_ACTIVE of one cache anew. 0 or -errno of its directory, or -ENOMEM. */
int slabinfo_read_cache(int root_fd, unsigned int parts, struct slab_cache *cache);

/* The text of /proc/slabinfo. 0, -EINVAL where it is none of the versions 2.x, or -ENOMEM. */
int slabinfo_parse(const char *text, struct slab_caches *caches);
/* The text of a file such as /sys/kernel/slab/NAME/slabs, "123 N0=100 N1=23". False where it is none. */
bool slabinfo_parse_nodes(const char *text, void (*node)(void *context, int node, uint64_t value), void *context);

#endif

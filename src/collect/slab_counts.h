/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel itself counts of its slab caches: objects in use, counted from its slabs by a BPF iterator (Linux
 * 6.13), elsewhere what /proc/slabinfo calls active, which CPUs' stocks are part of.
 */
#ifndef MEMTRACE_COLLECT_SLAB_COUNTS_H
#define MEMTRACE_COLLECT_SLAB_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memtrace_bpf;

struct slab_count {
	char *name;
	uint64_t address; /* of its struct kmem_cache; 0: not known */
	uint64_t objects; /* in use */
	uint64_t object_bytes, slot_bytes;
	uint64_t capacity_objects; /* by which `objects` may be too high */
};

struct slab_counts {
	struct slab_count *list; /* by name, each name once */
	size_t n;
	bool exact; /* counted from the slabs */
};

/* `bpf`: NULL where there are no programs. 0 or -errno. Free with slab_counts_free(). */
int slab_counts_take(struct memtrace_bpf *bpf, struct slab_counts *counts);
void slab_counts_free(struct slab_counts *counts);

/* NULL: none of that name. */
const struct slab_count *slab_counts_find(const struct slab_counts *counts, const char *name);

#endif

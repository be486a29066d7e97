/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of collect/ that make up a session on kernel memory share. */
#ifndef MEMTRACE_COLLECT_KERNEL_INTERNAL_H
#define MEMTRACE_COLLECT_KERNEL_INTERNAL_H

#include "collect/cgroups.h"
#include "collect/kernel_session.h"
#include "collect/live.h"
#include "collect/reclaim.h"
#include "collect/slab_counts.h"
#include "collect/stack_table.h"
#include "model/named_value.h"
#include "model/slab.h"
#include "probe/bpf.h"

struct kernel_session {
	struct kernel_options options;
	struct memtrace_bpf *bpf; /* NULL: the kernel's counts alone */
	char untraced[256];       /* why */
	struct live *live;
	struct stack_table stacks;
	struct reclaim reclaim;
	struct mk_class *classes; /* mapped */
	struct mk_place *places;  /* mapped */
	struct ring_buffer *ring;
	struct bpf_link *links[64];
	size_t n_links;
	bool kinds[KIND_COUNT];    /* that are traced */
	bool preemptible;          /* programs on tracepoints can be preempted */
	bool crowded;              /* a program has asked for room */
	struct slab_caches caches; /* their names, as they were when the session began */
	struct slab_counts before;
	struct cgroup_directories cgroups;   /* where they are told apart */
	struct named_values counters_before; /* bytes */
	uint64_t started_ns, started_unix_ns;
};

/*
 * kernel_session.c: how often at most an event was lost because none of its programs was free. Where programs cannot
 * be preempted one of an event's three always is.
 */
uint64_t kernel_session_missed(const struct kernel_session *session);

/* kernel_counters.c: the kernel's counters of memory, in bytes. 0 or -errno. */
int kernel_counters_read(struct named_values *counters);

/*
 * kernel_account.c: slab caches; on which nodes the objects lie of those that grew most; counters. Each adds to
 * `memory`. 0 or -errno.
 */
int kernel_account_caches(struct kernel_session *session, struct kernel_memory *memory);
int kernel_account_nodes(struct kernel_memory *memory);
int kernel_account_counters(const struct kernel_session *session, struct kernel_memory *memory);

/* kernel_reclaim.c */
extern const struct reclaim_ops kernel_reclaim_ops;

/* kernel_places.c: the node and zone of each block, in an order of the caller's. 0 or -errno. */
int kernel_places_find(struct kernel_session *session, struct mk_place *places, size_t n);

/* kernel_filter.c: what the options say, for the programs. 0, or -errno with one line in `error`. */
int kernel_filter_set(struct kernel_session *session, char *error, size_t error_size);
int kernel_filter_processes(struct kernel_session *session);

#endif

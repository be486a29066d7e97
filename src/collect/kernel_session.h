/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session that traces the kernel's own memory: the loaded programs, and what the kernel counted before. */
#ifndef MEMTRACE_COLLECT_KERNEL_SESSION_H
#define MEMTRACE_COLLECT_KERNEL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/kernel.h"
#include "model/snapshot.h"

struct kernel_options {
	uint64_t max_memory_bytes; /* of the tables, kernel side included */
	unsigned int stack_depth;  /* frames */
	/* What is traced at all. */
	const char *cache; /* slab objects of this cache alone; NULL: all */
	int order;         /* pages of this order alone; -1: all */
	int node;          /* memory on this node alone; -1: all */
	const pid_t *pids; /* what these processes allocate alone */
	size_t n_pids;
	const char *cgroup;   /* what processes of this cgroup, a directory of cgroup v2, allocate alone; or NULL */
	enum laid_to laid_to; /* whom allocations are told apart by */
	uint64_t live_table_slots, stack_table_rows; /* 0: by max_memory_bytes */
};

struct kernel_session;

/*
 * Loads the programs. Where this kernel cannot run them the session has the kernel's own counts alone, unless the
 * options ask for what only programs can tell. 0, or -errno with one line in `error`.
 */
int kernel_session_new(const struct kernel_options *options, struct kernel_session **result, char *error,
                       size_t error_size);
/* Detaches everything. */
void kernel_session_free(struct kernel_session *session);

/* Why there are counts alone, a line; NULL where allocations are traced. */
const char *kernel_session_untraced(const struct kernel_session *session);

/* Attaches the programs; counting begins. 0, or -errno with one line in `error`. */
int kernel_session_start(struct kernel_session *session, char *error, size_t error_size);

/* Readable when kernel_session_handle() has something to do; -1: it never has. */
int kernel_session_fd(const struct kernel_session *session);
/* Makes room where tables are crowded; does not wait. 0 or -errno. */
int kernel_session_handle(struct kernel_session *session);

/* One line on what is attached, for --verbose. */
void kernel_session_describe(const struct kernel_session *session, char *text, size_t size);

/*
 * What is known now. Blocks younger than older_ns are left out of live_*. While the kernel goes on, sums and blocks are
 * looked at one after the other; the last time nothing is traced any more from then on. 0 or -errno.
 */
int kernel_session_snapshot(struct kernel_session *session, uint64_t older_ns, bool with_blocks, bool last,
                            struct snapshot **result);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching the call programs to sites of an object, for one process. Three backends, by
 * what the kernel can do; all run the same BPF code and report the same.
 */
#ifndef MEMTRACE_PROBE_ATTACH_H
#define MEMTRACE_PROBE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memtrace_bpf;
struct bpf_program;

enum backend {
	BACKEND_SESSION, /* one multi link for entry and return, the entry can skip the return (6.13) */
	BACKEND_MULTI,   /* one link for entries, one for returns (6.6) */
	BACKEND_PERF,    /* a perf uprobe for each (5.15) */
};

const char *backend_name(enum backend backend);
/* By name; -EINVAL when there is none of it. */
int backend_find(const char *name);
/* The best one that the kernel has, or -ENOTSUP. */
int backend_best(void);

/* Makes the programs fit the backend. Before loading. 0 or -errno. */
int attach_prepare(struct memtrace_bpf *bpf, enum backend backend);

struct attach_point {
	uint64_t file_offset;
	uint64_t cookie; /* memtrace.h */
	bool wants_return;
};

struct attachment;

/* Words for what attaching failed with: -errno, also one that the kernel gives only here. Static or strerror(3)'s. */
const char *attach_error_words(int error);

/*
 * Attaches to all points of the file at `path` (also /proc/self/fd/N), for the process that
 * thread `thread` belongs to. The attachment owns the links: freeing it detaches. 0 or -errno.
 */
int attach_points(struct memtrace_bpf *bpf, enum backend backend, const char *path, pid_t thread,
                  const struct attach_point *points, size_t n, struct attachment **result);
/* One program on the entry of one function; the same otherwise. */
int attach_program(struct bpf_program *program, enum backend backend, const char *path, pid_t thread,
                   const struct attach_point *point, struct attachment **result);
/* The attach type that a program on an entry must have with this backend. Before loading. 0 or -errno. */
int attach_prepare_entry(struct bpf_program *program, enum backend backend);
void attachment_free(struct attachment *attachment);

#endif

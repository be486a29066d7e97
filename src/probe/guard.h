/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of functions that may throw: without it an exception that passes a probed
 * return would end the target (bpf/guard/guard.bpf.c).
 */
#ifndef MEMTRACE_PROBE_GUARD_H
#define MEMTRACE_PROBE_GUARD_H

#include <stdint.h>
#include <sys/types.h>

#include "probe/attach.h"

struct guard;

/* Loads it beside the programs, and starts the thread that serves it. 0 or -errno. */
int guard_new(struct memtrace_bpf *bpf, enum backend backend, struct guard **result);
void guard_free(struct guard *guard);

/* Puts it on the C++ runtime's entry (GUARD_FUNCTION) in the file at `path`, for a process by a live thread of it. */
int guard_attach(struct guard *guard, const char *path, pid_t pid, pid_t thread, uint64_t file_offset,
                 struct attachment **attachment);

/* Itanium C++ ABI, level I: where every throw begins to unwind. */
#define GUARD_FUNCTION "_Unwind_RaiseException"

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that the BPF programs unwind by (bpf/rules.bpf.c): one for each mapped file,
 * shared by all processes that map it, known by its build ID; and for each process what it
 * has mapped executable. A table goes when no process uses it any more.
 */
#ifndef MEMTRACE_COLLECT_UNWINDER_H
#define MEMTRACE_COLLECT_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/module.h"

struct memtrace_bpf;
struct unwinder;

/* When a process's code was looked at: what its counters (struct mt_process) said before. */
struct code_moment {
	uint32_t version, events;
};

/* Code that a process has mapped. */
struct code_place {
	uint64_t start, end;
	uint64_t bias; /* address in the process - address in the file */
	const struct module *module;
};

/* `max_bytes` for tables; 0: none are made, this kernel cannot walk by them. 0 or -errno. */
int unwinder_new(struct memtrace_bpf *bpf, uint64_t max_bytes, struct unwinder **result);
void unwinder_free(struct unwinder *unwinder);

/*
 * Tells the programs what the process in the slot has mapped executable, sorted by address, as it
 * was at that moment. Returns how much of it they cannot be told
 * for want of room (files, ranges) and was not counted before, or -errno.
 */
int unwinder_describe(struct unwinder *unwinder, uint32_t slot, const struct code_moment *moment,
                      const struct code_place *places, size_t n);
/* The process in the slot has no code any more. */
void unwinder_forget(struct unwinder *unwinder, uint32_t slot);

/*
 * A table of all its code for a file of which there is one of return addresses alone; `number` is
 * the programs' number for it. To be described anew to the processes that use it. 0 or -errno.
 */
int unwinder_take_all_code(struct unwinder *unwinder, uint32_t number);

#endif

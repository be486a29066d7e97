/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs on tracepoints that are attached twice, so that one does what the other was skipped for (bpf/twice.bpf.h).
 */
#ifndef MEMTRACE_COLLECT_TWICE_H
#define MEMTRACE_COLLECT_TWICE_H

#include <stdint.h>

#include <bpf/libbpf.h>

/* Before loading: leaves the second programs out where the kernel skips none. */
void twice_prepare(struct bpf_object *object);

/* The program that is to be attached behind this one, or NULL. */
struct bpf_program *twice_second(const struct bpf_object *object, const struct bpf_program *program);

/*
 * Runs of loaded programs that the kernel skipped and that no other did in their place: no more than these. An event
 * for which both of a pair were skipped counts with both, so there were at most as many as the smaller count says.
 */
uint64_t twice_missed(const struct bpf_object *object);

#endif

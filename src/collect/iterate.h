/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a BPF iterator and reads what it writes: records of one size. */
#ifndef MEMTRACE_COLLECT_ITERATE_H
#define MEMTRACE_COLLECT_ITERATE_H

#include <stddef.h>

struct bpf_program;

/* 0, -errno, or what `found` returned when that is not 0. */
int iterate(const struct bpf_program *program, size_t record_bytes, int (*found)(void *context, const void *record),
            void *context);

#endif

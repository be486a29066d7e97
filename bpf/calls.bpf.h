/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRACE_CALLS_BPF_H
#define MEMTRACE_CALLS_BPF_H

#include "tables.bpf.h"

int call_pending(__u64 stack_pointer, __u64 link, __u32 slot);
int calls_drop(__u32 slot);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The skeleton of the BPF programs, seen by probe/ and collect/ only. */
#ifndef MEMTRACE_PROBE_BPF_H
#define MEMTRACE_PROBE_BPF_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "memtrace.h"
#include "memtrace_kernel.h"
#include "memtrace.skel.h"

#endif

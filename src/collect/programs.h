/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One object holds all BPF programs; a session loads those of one kind, and the maps that they use. */
#ifndef MEMTRACE_COLLECT_PROGRAMS_H
#define MEMTRACE_COLLECT_PROGRAMS_H

struct bpf_object;

enum program_set {
	PROGRAMS_OF_PROCESSES, /* user-space allocators and mappings */
	PROGRAMS_OF_KERNEL,
};

/* Before loading: leaves out what is not of the set. 0 or -errno. */
int programs_choose(struct bpf_object *object, enum program_set set);

#endif

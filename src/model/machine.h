/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a machine's memory is at one moment, as the kernel's own files tell it: plain data, which knows
 * nothing of the files. What memtrace has no field for stands in the lists of named values, under the
 * kernel's names. A part that could not be read is empty, and `missing` says why.
 */
#ifndef MEMTRACE_MODEL_MACHINE_H
#define MEMTRACE_MODEL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/named_value.h"
#include "model/slab.h"
#include "model/zone.h"

/* A file that could not be read. */
struct machine_missing {
	char *path; /* "/proc/pressure/memory" */
	int error;  /* -errno */
};

/* What the kernel tells of all memory, or of a node's. */
struct machine_memory {
	struct named_values bytes;  /* "MemTotal", … */
	struct named_values counts; /* "HugePages_Total", …: without a unit */
};

struct machine_node {
	int node;
	char *cpus; /* a list such as "0-3,8"; "" without any; NULL: not known */
	struct machine_memory memory;
	struct named_values numa;     /* "numa_hit", … of requests, in pages */
	struct named_values counters; /* the node's share of vmstat */
	uint64_t *distances;          /* to each node, in the order of machine.nodes */
	size_t n_distances;
};

/* The reserved huge pages of one size, on a node or on all. */
struct machine_huge {
	int node; /* -1: all together */
	uint64_t size_bytes;
	struct named_values pages; /* "nr_hugepages", "free_hugepages", … */
};

/* What the kernel counts of transparent huge pages of one size (since Linux 6.8). */
struct machine_transparent {
	uint64_t size_bytes;
	struct named_values counters;
};

struct machine_swap {
	char *path, *type;
	uint64_t size_bytes, used_bytes;
	int priority;
};

/* How long tasks waited for a resource: of the last 10, 60 and 300 s, in hundredths of a percent. */
struct machine_stall {
	bool known;
	uint32_t avg10_bp, avg60_bp, avg300_bp;
	uint64_t total_us;
};

struct machine_pressure {
	const char *resource;            /* static: "memory" or "io" */
	struct machine_stall some, full; /* at least one task; all of them at once */
};

/* One of the kernel's settings, as its file has it. */
struct machine_setting {
	char *name; /* "vm.swappiness", "transparent_hugepage.enabled" */
	char *value;
};

struct machine_process {
	pid_t pid;
	char *name;
	uint64_t rss_bytes, anon_bytes, file_bytes, shmem_bytes;
	uint64_t swap_bytes, page_table_bytes, huge_bytes;
};

/* Who took memory by vmalloc. */
struct machine_vmalloc {
	char *caller; /* "bpf_prog_alloc_no_stats", "nf_tables_newset [nf_tables]" */
	uint64_t areas, pages;
};

struct machine {
	uint64_t time_unix_ns;
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC, when reading began */
	uint64_t read_ns;      /* how long reading took */
	int64_t drift_bytes;   /* by how much free memory changed meanwhile */
	uint64_t page_size_bytes;
	char *release;  /* of the kernel; NULL: not known */
	pid_t self_pid; /* of who reads, which uses memory for it; 0: not among the processes */
	struct machine_memory memory;
	struct named_values counters; /* vmstat */
	struct machine_node *nodes;   /* sorted */
	size_t n_nodes;
	struct zones zones;
	struct slab_caches slabs;
	struct machine_huge *huge; /* all nodes together first */
	size_t n_huge;
	struct machine_transparent *transparent; /* sorted by size */
	size_t n_transparent;
	struct machine_swap *swaps;
	size_t n_swaps;
	struct machine_pressure *pressures;
	size_t n_pressures;
	struct machine_setting *settings; /* sorted by name */
	size_t n_settings;
	struct machine_process *processes; /* those that have memory of their own */
	size_t n_processes;
	bool processes_known;
	struct machine_vmalloc *vmalloc; /* by pages, most first */
	size_t n_vmalloc;
	uint64_t vmalloc_stack_pages; /* of those, that are kernel stacks */
	bool vmalloc_known;
	struct machine_missing *missing;
	size_t n_missing;
};

/* A list's value of that name, or NULL. */
const char *machine_setting(const struct machine *machine, const char *name);
const struct machine_node *machine_node(const struct machine *machine, int node);
/* The huge pages of that size on the node (-1: on all), or NULL. */
const struct machine_huge *machine_huge(const struct machine *machine, int node, uint64_t size_bytes);
/* Frees all that the machine owns, and the machine. NULL is allowed. */
void machine_free(struct machine *machine);

void machine_memory_clear(struct machine_memory *memory);

#endif

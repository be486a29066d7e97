/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memtrace has to do with a mapped file: where its allocator is probed, whose mappings
 * are an allocator's own, how to step over wrappers. Found once for each file, whichever
 * processes have mapped it. Addresses are virtual addresses in the file.
 */
#ifndef MEMTRACE_COLLECT_OBJECTS_H
#define MEMTRACE_COLLECT_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/module.h"
#include "probe/resolve.h"

#define OBJECT_OWN_RANGES 6

struct object {
	const struct module *module;
	struct probe_point *points; /* none: no allocator */
	size_t n_points;
	struct wrapper_return *wrappers;
	size_t n_wrappers;
	struct address_range *flushes;
	size_t n_flushes;
	struct address_range own[OBJECT_OWN_RANGES]; /* of a program that holds its allocator: what maps for it */
	size_t n_own;
	bool is_program, is_libc;
	bool asks_size;              /* it asks the allocator how much a block has room for, and may use all */
	bool throws;                 /* an exception may pass through a probed function */
	uint64_t unwinder_offset;    /* in the file, of the C++ runtime's entry; 0: it is not here */
	uint64_t loader_offset;      /* in the file, of the dynamic loader's hook; 0: it is not here */
	int64_t address_less_offset; /* of its code: virtual address - offset in the file */
};

struct objects;

/* `named` are the paths given by -O; with any, only they are probed. */
struct objects *objects_new(char **named, size_t n_named);
void objects_free(struct objects *objects);

/* What is known of the mapped file; nothing of one that is no ELF file of this machine. 0 or -ENOMEM. */
int objects_get(struct objects *objects, const struct mapping *mapping, const struct object **result);

/* Virtual address in the file to address in a process that has mapped it so. */
uint64_t object_address(const struct object *object, const struct mapping *mapping, uint64_t address);

#endif

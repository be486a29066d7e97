/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of blocks and ends of stacks; shared with the BPF programs. */
#ifndef MEMTRACE_MODEL_KIND_H
#define MEMTRACE_MODEL_KIND_H

enum block_kind {
	KIND_HEAP,
	KIND_MMAP,
	KIND_BRK,
	KIND_SLAB, /* from here on: the kernel's own memory */
	KIND_PAGE,
	KIND_PERCPU,
	KIND_VMALLOC,
	KIND_COUNT,
};

#define KIND_OF_KERNEL KIND_SLAB /* the first one that is */

/* The word for a kind in reports: "heap", "mmap", "brk", "slab", … */
const char *block_kind_name(enum block_kind kind);

/* Why a stack ends where it ends. */
enum stack_end {
	END_COMPLETE,
	END_DEPTH,
	END_NO_MAPPING,
	END_NO_CFI,
	END_READ_FAULT,
	END_COUNT,
};

/* The word for an end in reports: "complete", "depth", "no-mapping", … */
const char *stack_end_name(enum stack_end end);

#endif

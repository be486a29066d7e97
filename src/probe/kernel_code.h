/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a few of the kernel's symbols, as the programs on its memory need them (bpf/kernel). */
#ifndef MEMTRACE_PROBE_KERNEL_CODE_H
#define MEMTRACE_PROBE_KERNEL_CODE_H

#include <stdio.h>

#include "memtrace_kernel.h"

struct kernel_places {
	struct mk_code code;
	/* Of the variables that hold where struct pages and the direct mapping of memory begin; 0: not known. */
	__u64 vmemmap_base, page_offset_base;
};

/* Reads /proc/kallsyms. What it does not have is left 0. 0 or -errno. */
int kernel_code_read(struct kernel_places *places);

/* The same from an open file of that form. */
int kernel_code_parse(FILE *file, struct kernel_places *places);

#endif

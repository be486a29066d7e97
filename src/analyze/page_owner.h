/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For whom the kernel allocates pages, as the functions of the stack tell. */
#ifndef MEMTRACE_ANALYZE_PAGE_OWNER_H
#define MEMTRACE_ANALYZE_PAGE_OWNER_H

#include "model/snapshot.h"

enum page_owner {
	PAGES_OF_KERNEL, /* the kernel's own */
	PAGES_OF_SLAB,   /* slabs: their caches count them */
	PAGES_OF_USER,   /* user memory and page cache, which the kernel counts itself */
};

/* Of a symbolized stack of kind KIND_PAGE. */
enum page_owner page_owner(const struct stack *stack);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of gperftools' tcmalloc, as configured for pages of 8 KiB and addresses of 48 bits. */
#ifndef MEMTRACE_HEAP_TCMALLOC_H
#define MEMTRACE_HEAP_TCMALLOC_H

struct heap_walk;

/* 0 or -ENOMEM. */
int tcmalloc_walk(struct heap_walk *walk);

#endif

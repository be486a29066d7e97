/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the allocators of a process say themselves of its heaps: blocks that memtrace has not seen, and what is free. */
#ifndef MEMTRACE_COLLECT_SCAN_HEAP_H
#define MEMTRACE_COLLECT_SCAN_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/scan_areas.h"
#include "collect/words.h"
#include "heap/heap.h"
#include "model/scan.h"

struct found_block;

/*
 * Walks the heaps; 0 or -ENOMEM. The heap is the caller's to free. `busy`: a thread may be within an allocator, which
 * `threads_busy` tells of each; NULL: it may be any of them.
 */
int scan_heap_walk(const struct scan_areas *areas, const struct words *words, const uint64_t *thread_pointers,
                   size_t n_threads, bool busy, const bool *threads_busy, struct heap *heap);

/* Adds the pages of all heaps to a set. 0 or -ENOMEM. */
int scan_heap_pages(const struct heap *heap, struct page_set *pages);

/*
 * Holds the heaps against the blocks that are known, which learn what is usable behind them. What nobody uses goes to
 * scan->unused; with `judge_before`, blocks in use that are not known to scan->before. 0 or -ENOMEM.
 */
int scan_heap_settle(const struct heap *heap, const struct scan_areas *areas, struct found_block *blocks,
                     size_t n_blocks, bool judge_before, struct scan *scan);

#endif

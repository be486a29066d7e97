/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts on slab caches from the reports of a run: of the kernel's own count of their objects. */
#ifndef MEMTRACE_ANALYZE_CACHE_SERIES_H
#define MEMTRACE_ANALYZE_CACHE_SERIES_H

#include <stdint.h>

#include "model/snapshot.h"

struct cache_series;

/* For as many caches as fit into max_bytes; further ones get no verdict. NULL: out of memory. */
struct cache_series *cache_series_new(uint64_t max_bytes);
void cache_series_free(struct cache_series *caches);

/*
 * Takes up the next snapshot of the run, and fills in what can be said of its caches. One that is there no more is
 * forgotten. 0 or -ENOMEM, and then nothing has changed.
 */
int cache_series_judge(struct cache_series *caches, struct snapshot *snapshot);

#endif

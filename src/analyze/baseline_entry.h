/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a baseline holds; for its own files alone. */
#ifndef MEMTRACE_ANALYZE_BASELINE_ENTRY_H
#define MEMTRACE_ANALYZE_BASELINE_ENTRY_H

#include "analyze/baseline.h"

struct baseline_entry {
	char *key; /* frames, innermost first, a line each; owned */
	enum check_kind kind;
	uint64_t bytes, blocks; /* at most INT64_MAX */
};

struct baseline {
	struct baseline_entry *entries; /* sorted by key, then kind; no two have both the same */
	size_t n;
};

/* By key, then kind. */
int baseline_entry_compare(const void *left, const void *right);

#endif

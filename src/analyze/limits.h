/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which judged stacks, and whether all of them together, are over a limit. */
#ifndef MEMTRACE_ANALYZE_LIMITS_H
#define MEMTRACE_ANALYZE_LIMITS_H

#include "model/snapshot.h"

struct limits {
	/* Those of RULE_LEAK_BYTES to RULE_GROWTH. */
	struct {
		bool given;
		double limit; /* in the rule's unit */
	} rules[RULE_COUNT];
};

/*
 * Adds a finding for each limit that is passed: of each stack that passes it, or of all. `any` adds the rule that
 * there is no block at all, for where nothing else was asked for. 0 or -ENOMEM.
 */
int limits_apply(const struct limits *limits, bool any, struct snapshot *snapshot);

#endif

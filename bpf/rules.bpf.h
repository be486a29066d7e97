/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule holds at an address (model/unwind_rule.h), by the tables that src/unwind makes. */
#ifndef MEMTRACE_RULES_BPF_H
#define MEMTRACE_RULES_BPF_H

#include "code.bpf.h"
#include "stacks.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_MAX_UNWIND_RULES);
	__type(key, __u32);
	__type(value, struct unwind_rule);
} unwind_rules SEC(".maps") __weak;

/* Numbers of rules that are none, below MT_FIRST_RULE. */
#define RULE_GUESS 1 /* code without call frame information */
#define RULE_NO_MAPPING 2
#define RULE_SIGNAL 3     /* a signal frame, by its code */
#define RULE_UNPREPARED 4 /* interrupted code, and only return addresses are known of it */

/* By the tables: rule_number() asks the cache first. */
__u32 rule_search(struct mt_code *code, struct scratch *scratch);

#define CACHE_RULE_BITS 17

/* The number of the rule where scratch->position is; one below MT_FIRST_RULE says why there is none. */
static __always_inline __u32 rule_number(struct mt_code *code, struct scratch *scratch)
{
	__u64 address = scratch->position.at.pc - 1;
	__u64 hash = (address * 0x9E3779B97F4A7C15ULL) >> 53; /* of MT_CODE_CACHE */
	__u64 *place = &code->cache[hash & (MT_CODE_CACHE - 1)], cached = *place;
	__u64 instruction = address >> CODE_ALIGN_BITS;
	__u32 gone, number;

	if (scratch->position.interrupted)
		return rule_search(code, scratch);
	if (cached >> CACHE_RULE_BITS == instruction)
		return cached & ((1U << CACHE_RULE_BITS) - 1);
	gone = code->gone;
	number = rule_search(code, scratch);
	if (number >= MT_FIRST_RULE && !(instruction >> (64 - CACHE_RULE_BITS))) {
		*place = instruction << CACHE_RULE_BITS | number;
		barrier();
		/* What went meanwhile was perhaps swept out before this was put in. */
		if (code->gone != gone)
			*place = 0;
	}
	return number;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distinct rules of a table, numbered in the order they came. */
#ifndef MEMTRACE_UNWIND_RULE_SET_H
#define MEMTRACE_UNWIND_RULE_SET_H

#include <stddef.h>
#include <stdint.h>

#include "model/unwind_rule.h"

struct rule_set {
	struct unwind_rule *rules; /* owned */
	size_t n_rules;
	uint32_t *slots; /* hash table of rule numbers + 1; 0 is free; owned */
	size_t n_slots;  /* a power of two */
};

#define RULE_NONE UINT32_MAX

/* A set that holds UNWIND_BAD as its rule 0. 0 or -ENOMEM. */
int rule_set_init(struct rule_set *set);
void rule_set_free(struct rule_set *set);

/* The number of the rule, which is added if it is new; RULE_NONE when there is no room for it. */
uint32_t rule_set_number(struct rule_set *set, const struct unwind_rule *rule);

#endif

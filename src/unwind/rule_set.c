// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/rule_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

/* Rules are hashed and compared as words: no byte of them may be padding. */
#define RULE_WORDS 3
_Static_assert(sizeof(struct unwind_rule) == RULE_WORDS * sizeof(uint64_t), "a rule is three words");

static size_t hash(const struct unwind_rule *rule)
{
	uint64_t words[RULE_WORDS], value = 0;

	memcpy(words, rule, sizeof(words));
	for (int i = 0; i < RULE_WORDS; i++) {
		value = (value ^ words[i]) * 0x9e3779b97f4a7c15;
		value ^= value >> 29;
	}
	return (size_t)(value ^ value >> 32);
}

int rule_set_init(struct rule_set *set)
{
	static const struct unwind_rule bad = {.cfa = UNWIND_BAD};

	*set = (struct rule_set){
	    .rules = calloc(FIRST_SLOTS / 2, sizeof(*set->rules)),
	    .slots = calloc(FIRST_SLOTS, sizeof(*set->slots)),
	    .n_slots = FIRST_SLOTS,
	};
	if (!set->rules || !set->slots) {
		rule_set_free(set);
		return -ENOMEM;
	}
	rule_set_number(set, &bad);
	return 0;
}

void rule_set_free(struct rule_set *set)
{
	free(set->rules);
	free(set->slots);
	*set = (struct rule_set){0};
}

/* The slot that holds the rule, or the free one where it belongs. */
static uint32_t *find_slot(const struct rule_set *set, const struct unwind_rule *rule)
{
	size_t i = hash(rule) & (set->n_slots - 1);

	while (set->slots[i] && memcmp(&set->rules[set->slots[i] - 1], rule, sizeof(*rule)) != 0)
		i = (i + 1) & (set->n_slots - 1);
	return &set->slots[i];
}

/* The slots are kept at most half full. */
static int grow(struct rule_set *set)
{
	size_t n_slots = set->n_slots * 2;
	struct unwind_rule *rules = reallocarray(set->rules, n_slots / 2, sizeof(*rules));
	uint32_t *slots;

	if (!rules)
		return -ENOMEM;
	set->rules = rules;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(set->slots);
	set->slots = slots;
	set->n_slots = n_slots;
	for (size_t i = 0; i < set->n_rules; i++)
		*find_slot(set, &set->rules[i]) = (uint32_t)i + 1;
	return 0;
}

uint32_t rule_set_number(struct rule_set *set, const struct unwind_rule *rule)
{
	uint32_t *slot = find_slot(set, rule);

	if (*slot)
		return *slot - 1;
	if (set->n_rules == UNWIND_MAX_RULES)
		return RULE_NONE;
	if (set->n_rules == set->n_slots / 2) {
		if (grow(set))
			return RULE_NONE;
		slot = find_slot(set, rule);
	}
	set->rules[set->n_rules++] = *rule;
	*slot = (uint32_t)set->n_rules;
	return *slot - 1;
}

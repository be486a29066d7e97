// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/baseline_entry.h"
#include "analyze/judge.h"
#include "analyze/stable_key.h"

struct baseline *baseline_new(void)
{
	return calloc(1, sizeof(struct baseline));
}

static void free_entries(struct baseline_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(entries[i].key);
	free(entries);
}

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	free_entries(baseline->entries, baseline->n);
	free(baseline);
}

int baseline_entry_compare(const void *left, const void *right)
{
	const struct baseline_entry *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	return order ? order : (int)a->kind - (int)b->kind;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static uint64_t at_most_int64(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : value;
}

/* An entry for each judged stack, in their order. NULL: out of memory. */
static struct baseline_entry *entries_of(const struct snapshot *snapshot)
{
	const struct judgement *judgement = snapshot->judgement;
	struct baseline_entry *entries = calloc(judgement->n_stacks + 1, sizeof(*entries));

	for (size_t i = 0; entries && i < judgement->n_stacks; i++) {
		const struct usage *usage = &snapshot->stacks[i].usage;

		entries[i] = (struct baseline_entry){
		    .key = stable_key(&snapshot->stacks[i]),
		    .kind = judgement->stacks[i].kind,
		    .bytes = at_most_int64(usage->live_bytes),
		    .blocks = at_most_int64(usage->live_blocks),
		};
		if (entries[i].key)
			continue;
		free_entries(entries, i);
		return NULL;
	}
	return entries;
}

/* Makes those with the same key one; returns how many are left. */
static size_t merge(struct baseline_entry *entries, size_t n)
{
	size_t kept = 0;

	if (!n)
		return 0;
	qsort(entries, n, sizeof(*entries), baseline_entry_compare);
	for (size_t i = 1; i < n; i++) {
		struct baseline_entry *last = &entries[kept];

		if (baseline_entry_compare(last, &entries[i])) {
			entries[++kept] = entries[i];
			continue;
		}
		last->bytes = sum(last->bytes, entries[i].bytes);
		last->blocks = sum(last->blocks, entries[i].blocks);
		free(entries[i].key);
	}
	return kept + 1;
}

static const struct baseline_entry *find(const struct baseline_entry *entries, size_t n,
                                         const struct baseline_entry *entry)
{
	return n ? bsearch(entry, entries, n, sizeof(*entries), baseline_entry_compare) : NULL;
}

/* Per cent that it is more, beyond any limit where there was nothing. */
static double growth_percent(uint64_t before, uint64_t now)
{
	return ((double)now - (double)before) * 100 / (before ? (double)before : 1);
}

static uint64_t count_gone(const struct baseline *baseline, const struct baseline_entry *now, size_t n)
{
	uint64_t gone = 0;

	for (size_t i = 0; i < baseline->n; i++)
		gone += !find(now, n, &baseline->entries[i]);
	return gone;
}

/* The stacks of one key share what the baseline has of it: all of them together are held against it. */
static int compare_stack(const struct baseline_rules *rules, const struct baseline_entry *known,
                         const struct baseline_entry *now, struct judgement *judgement, size_t stack)
{
	double percent;

	if (!known)
		return rules->new_stack ? judge_find(judgement, RULE_NEW_STACK, stack, (double)now->bytes) : 0;
	judgement->stacks[stack].known = true;
	judgement->stacks[stack].known_bytes = known->bytes;
	percent = growth_percent(known->bytes, now->bytes);
	if (!rules->growth || percent <= rules->growth_percent)
		return 0;
	return judge_find(judgement, RULE_REGRESSION, stack, percent);
}

static void apply_rules(const struct baseline_rules *rules, struct judgement *judgement)
{
	judgement->has_baseline = true;
	judgement->rules[RULE_NEW_STACK].applied = rules->new_stack;
	judgement->rules[RULE_REGRESSION].applied = rules->growth;
	judgement->rules[RULE_REGRESSION].limit = rules->growth_percent;
}

int baseline_compare(const struct baseline *baseline, const struct baseline_rules *rules, struct snapshot *snapshot)
{
	struct judgement *judgement = snapshot->judgement;
	struct baseline_entry *stacks = entries_of(snapshot), *merged = entries_of(snapshot);
	int error = stacks && merged ? 0 : -ENOMEM;
	size_t n = error ? 0 : merge(merged, judgement->n_stacks);

	apply_rules(rules, judgement);
	for (size_t i = 0; i < judgement->n_stacks && !error; i++)
		error = compare_stack(rules, find(baseline->entries, baseline->n, &stacks[i]),
		                      find(merged, n, &stacks[i]), judgement, i);
	if (!error)
		judgement->gone_stacks = count_gone(baseline, merged, n);
	if (stacks)
		free_entries(stacks, judgement->n_stacks);
	if (merged)
		free_entries(merged, error && !n ? judgement->n_stacks : n);
	return error;
}

int baseline_update(struct baseline *baseline, const struct baseline_rules *rules, const struct snapshot *snapshot)
{
	struct baseline_entry *entries = entries_of(snapshot);
	size_t n;

	if (!entries)
		return -ENOMEM;
	n = merge(entries, snapshot->judgement->n_stacks);
	for (size_t i = 0; i < n; i++) {
		const struct baseline_entry *known = find(baseline->entries, baseline->n, &entries[i]);
		double percent = known ? growth_percent(known->bytes, entries[i].bytes) : 0;

		if (!known || percent > rules->growth_percent || percent < -rules->growth_percent)
			continue;
		entries[i].bytes = known->bytes;
		entries[i].blocks = known->blocks;
	}
	free_entries(baseline->entries, baseline->n);
	baseline->entries = entries;
	baseline->n = n;
	return 0;
}

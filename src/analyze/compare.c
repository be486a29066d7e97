// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/compare.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/stable_key.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* A stack of either snapshot. */
struct named {
	char *key; /* owned */
	const struct snapshot *snapshot;
	const struct stack *stack;
	bool is_after;
};

struct order {
	enum select_key key;
};

static int by_key(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	if (!order)
		order = COMPARE(a->stack->kind, b->stack->kind);
	/* What is shown of equal stacks is one of the later ones, in any run the same. */
	if (!order)
		order = COMPARE(b->is_after, a->is_after);
	return order ? order : COMPARE(a->stack, b->stack);
}

/* NULL: out of memory. */
static struct named *name_all(const struct snapshot *before, const struct snapshot *after)
{
	size_t n = before->n_stacks + after->n_stacks;
	struct named *all = calloc(n + 1, sizeof(*all));

	for (size_t i = 0; all && i < n; i++) {
		bool is_after = i >= before->n_stacks;
		const struct snapshot *snapshot = is_after ? after : before;
		const struct stack *stack = &snapshot->stacks[is_after ? i - before->n_stacks : i];

		all[i] = (struct named){stable_key(stack), snapshot, stack, is_after};
		if (all[i].key)
			continue;
		while (i--)
			free(all[i].key);
		free(all);
		return NULL;
	}
	return all;
}

static enum change change_of(const struct compared *row)
{
	int bytes = COMPARE(row->after.live_bytes, row->before.live_bytes);
	int order = bytes ? bytes : COMPARE(row->after.live_blocks, row->before.live_blocks);

	if (!row->before.alloc_count)
		return CHANGE_NEW;
	if (!row->after.alloc_count)
		return CHANGE_GONE;
	return order > 0 ? CHANGE_MORE : order < 0 ? CHANGE_LESS : CHANGE_NONE;
}

static size_t join(const struct named *all, size_t n, struct compared *rows)
{
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++) {
		const struct named *named = &all[i];
		bool is_first =
		    !i || strcmp(named->key, all[i - 1].key) != 0 || named->stack->kind != all[i - 1].stack->kind;

		if (is_first)
			rows[n_rows++] = (struct compared){.snapshot = named->snapshot, .stack = named->stack};
		usage_add(named->is_after ? &rows[n_rows - 1].after : &rows[n_rows - 1].before, &named->stack->usage);
	}
	for (size_t i = 0; i < n_rows; i++) {
		rows[i].change = change_of(&rows[i]);
		rows[i].rank = i;
	}
	return n_rows;
}

static int64_t amount(const struct compared *row, enum select_key key)
{
	return key == SELECT_COUNT ? (int64_t)(row->after.live_blocks - row->before.live_blocks)
	                           : (int64_t)(row->after.live_bytes - row->before.live_bytes);
}

static uint64_t size_of(int64_t amount)
{
	return amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
}

static int by_change(const void *left, const void *right, void *context)
{
	const struct order *by = context;
	const struct compared *a = left, *b = right;
	enum select_key other = by->key == SELECT_COUNT ? SELECT_BYTES : SELECT_COUNT;
	int order = COMPARE(size_of(amount(b, by->key)), size_of(amount(a, by->key)));

	if (!order)
		order = COMPARE(amount(b, by->key), amount(a, by->key));
	if (!order)
		order = COMPARE(size_of(amount(b, other)), size_of(amount(a, other)));
	if (!order)
		order = COMPARE(amount(b, other), amount(a, other));
	return order ? order : COMPARE(a->rank, b->rank);
}

static bool has_changed(const struct compared *row)
{
	return row->after.live_bytes != row->before.live_bytes || row->after.live_blocks != row->before.live_blocks;
}

static void put_in_order(struct comparison *comparison, enum select_key key, size_t top)
{
	struct order order = {key};
	size_t n = 0;

	qsort_r(comparison->rows, comparison->n_rows, sizeof(*comparison->rows), by_change, &order);
	while (n < comparison->n_rows && has_changed(&comparison->rows[n]) && (!top || n < top))
		n++;
	comparison->n_shown = n;
}

int compare_snapshots(const struct snapshot *before, const struct snapshot *after, enum select_key key, size_t top,
                      struct comparison **comparison)
{
	size_t n = before->n_stacks + after->n_stacks;
	struct comparison *made = calloc(1, sizeof(*made));
	struct compared *rows = calloc(n + 1, sizeof(*rows));
	struct named *all = name_all(before, after);

	*comparison = NULL;
	if (!made || !rows || !all) {
		free(made);
		free(rows);
		for (size_t i = 0; all && i < n; i++)
			free(all[i].key);
		free(all);
		return -ENOMEM;
	}
	qsort(all, n, sizeof(*all), by_key);
	*made = (struct comparison){.before = before, .after = after, .rows = rows};
	made->n_rows = join(all, n, rows);
	put_in_order(made, key, top);
	for (size_t i = 0; i < n; i++)
		free(all[i].key);
	free(all);
	*comparison = made;
	return 0;
}

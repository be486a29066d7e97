// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/earlier.h"
#include "model/identity.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

struct candidate {
	struct stack stack;
	bool shown;
};

struct ranking {
	const struct snapshot *snapshot;
	enum select_key key;
};

/* What is known to grow, then what nothing is known of, then what is known not to. */
static int rank_of(const struct verdict *verdict)
{
	if (verdict->kind == VERDICT_GROWING)
		return 2;
	return verdict->kind == VERDICT_NONE;
}

int select_compare_growth(const struct verdict *a, int64_t a_growth_bytes, const struct verdict *b,
                          int64_t b_growth_bytes)
{
	int order = COMPARE(rank_of(b), rank_of(a));

	if (!order && a->kind == VERDICT_GROWING)
		order = COMPARE(b->low_bytes_per_s, a->low_bytes_per_s);
	return order ? order : COMPARE(b_growth_bytes, a_growth_bytes);
}

static uint64_t soon_count(const struct stack *stack)
{
	return stack->churn ? stack->churn->soon_count : 0;
}

/* The larger comes first. */
static int compare_key(const struct candidate *a, const struct candidate *b, enum select_key key)
{
	switch (key) {
	case SELECT_COUNT:
		return COMPARE(b->stack.usage.live_blocks, a->stack.usage.live_blocks);
	case SELECT_GROWTH:
		return select_compare_growth(&a->stack.verdict, a->stack.growth_bytes, &b->stack.verdict,
		                             b->stack.growth_bytes);
	case SELECT_AGE:
		return COMPARE(b->stack.oldest_ns, a->stack.oldest_ns);
	case SELECT_ALLOCATED:
		return COMPARE(b->stack.usage.alloc_bytes, a->stack.usage.alloc_bytes);
	case SELECT_RATE:
		return COMPARE(b->stack.recent_count, a->stack.recent_count);
	case SELECT_BYTE_RATE:
		return COMPARE(b->stack.recent_bytes, a->stack.recent_bytes);
	case SELECT_SHORT_LIVED:
		return COMPARE(soon_count(&b->stack), soon_count(&a->stack));
	case SELECT_BYTES:
		break;
	}
	return COMPARE(b->stack.usage.live_bytes, a->stack.usage.live_bytes);
}

static int compare_candidates(const void *left, const void *right, void *context)
{
	const struct candidate *a = left, *b = right;
	const struct ranking *ranking = context;
	int order = COMPARE(a->stack.leak, b->stack.leak);

	if (!order)
		order = compare_key(a, b, ranking->key);
	if (!order)
		order = compare_key(a, b, SELECT_BYTES);
	if (!order)
		order = compare_key(a, b, SELECT_COUNT);
	if (!order)
		order = identity_compare(ranking->snapshot, &a->stack, ranking->snapshot, &b->stack);
	return order;
}

static int64_t difference(uint64_t now, uint64_t before)
{
	int64_t growth;

	if (__builtin_sub_overflow(now, before, &growth))
		return now > before ? INT64_MAX : INT64_MIN;
	return growth;
}

int select_find_growth(struct snapshot *snapshot, const struct snapshot *before)
{
	struct earlier earlier;
	int error = earlier_init(&earlier, before);

	for (size_t i = 0; i < snapshot->n_stacks && !error; i++) {
		struct stack *stack = &snapshot->stacks[i];
		const struct stack *was = earlier_find(&earlier, snapshot, stack);

		stack->growth_bytes = difference(stack->usage.live_bytes, was ? was->usage.live_bytes : 0);
	}
	earlier_free(&earlier);
	return error;
}

/* It has what it is ordered by. */
static bool is_of_interest(const struct stack *stack, enum select_key key)
{
	switch (key) {
	case SELECT_RATE:
	case SELECT_BYTE_RATE:
		return stack->recent_count;
	case SELECT_ALLOCATED:
	case SELECT_SHORT_LIVED:
		return stack->usage.alloc_count;
	default:
		return stack->usage.live_blocks;
	}
}

/* Marks, of candidates in their order, the first `top` of each process that may be shown. */
static int mark_shown(struct candidate *candidates, const struct snapshot *snapshot, enum select_key key, size_t top)
{
	size_t *n_shown = calloc(snapshot->n_processes + 1, sizeof(*n_shown));

	if (!n_shown)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &candidates[i].stack;

		if (top)
			candidates[i].shown = is_of_interest(stack, key) && n_shown[stack->process] < top;
		else
			candidates[i].shown = stack->usage.alloc_count || stack->usage.live_blocks;
		n_shown[stack->process] += candidates[i].shown;
	}
	free(n_shown);
	return 0;
}

/* Puts the stacks back: those to show, then the others, each in the order of the candidates. */
static void put_back(struct snapshot *snapshot, const struct candidate *candidates)
{
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		if (candidates[i].shown)
			snapshot->stacks[n++] = candidates[i].stack;
	}
	snapshot->n_stacks_shown = n;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		if (!candidates[i].shown)
			snapshot->stacks[n++] = candidates[i].stack;
	}
}

int select_stacks(struct snapshot *snapshot, const struct snapshot *before, enum select_key key, size_t top)
{
	struct candidate *candidates = calloc(snapshot->n_stacks + 1, sizeof(*candidates));
	struct ranking ranking = {.snapshot = snapshot, .key = key};
	int err = 0;

	if (!candidates)
		return -ENOMEM;
	if (key == SELECT_GROWTH)
		err = select_find_growth(snapshot, before);
	for (size_t i = 0; i < snapshot->n_stacks; i++)
		candidates[i].stack = snapshot->stacks[i];
	if (!err) {
		qsort_r(candidates, snapshot->n_stacks, sizeof(*candidates), compare_candidates, &ranking);
		err = mark_shown(candidates, snapshot, key, top);
	}
	if (!err)
		put_back(snapshot, candidates);
	free(candidates);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/kernel_growth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/aggregate.h"
#include "model/identity.h"
#include "analyze/page_owner.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* The kernel's counts and the tables are read one after the other: so many objects they may differ by, at least. */
#define READING_OBJECTS 64
/* … and as a share of what passed through the cache. */
#define READING_SHARE 200

static struct cache_growth *cache_of(const struct snapshot *snapshot, const struct stack *stack)
{
	const struct kernel_memory *memory = snapshot->kernel;
	size_t cache = stack->class_index < memory->n_classes ? memory->classes[stack->class_index].cache : SIZE_MAX;

	return stack->kind == KIND_SLAB && cache < memory->n_caches ? &memory->caches[cache] : NULL;
}

/* Pages of slabs are their caches' already; user memory and page cache stand apart. */
static void take_out_pages(struct snapshot *snapshot)
{
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];
		enum page_owner owner = stack->kind == KIND_PAGE ? page_owner(stack) : PAGES_OF_KERNEL;

		if (owner == PAGES_OF_KERNEL) {
			snapshot->stacks[n++] = *stack;
			continue;
		}
		if (owner == PAGES_OF_SLAB)
			snapshot->kernel->slab_page_bytes += stack->usage.live_bytes;
		else
			snapshot->kernel->user_page_bytes += stack->usage.live_bytes;
		stack_clear(stack);
	}
	snapshot->n_stacks = n;
}

static void sum_caches(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		const struct stack *stack = &snapshot->stacks[i];
		struct cache_growth *cache = cache_of(snapshot, stack);

		if (!cache)
			continue;
		cache->alloc_count += stack->usage.alloc_count;
		cache->free_count += stack->usage.free_count;
		cache->live_blocks += stack->usage.live_blocks;
		cache->live_bytes += stack->usage.live_bytes;
		cache->slack_bytes += stack->slack_bytes;
	}
}

/*
 * Of a cache whose free_count has the frees of traced blocks alone. Allocations less frees, all of them, are the
 * cache's growth where events tell of every one. Where the kernel's count has grown less, or an address was given
 * out twice, objects were freed that no event told of. Allocations that a filter left out make `told` smaller, so
 * that less is found out, but nothing that is not so.
 */
static void judge_cache(struct cache_growth *cache)
{
	uint64_t freed = cache->free_count + cache->unknown_frees, passed = cache->alloc_count + freed;
	int64_t told = (int64_t)(cache->alloc_count - freed);
	int64_t tolerance = (int64_t)(READING_OBJECTS + passed / READING_SHARE + cache->capacity_objects);
	/* What was allocated since and is live: growth, and what took the place of older objects. */
	int64_t possible = cache->growth_objects + (int64_t)cache->unknown_frees;
	uint64_t grown = cache->growth_objects > 0 ? (uint64_t)cache->growth_objects : 0;

	cache->unverifiable = cache->unseen_frees || told - cache->growth_objects > tolerance;
	cache->possible_objects = cache->live_blocks;
	if (cache->unverifiable && possible < (int64_t)cache->live_blocks)
		cache->possible_objects = possible > 0 ? (uint64_t)possible : 0;
	cache->explained_objects = cache->possible_objects < grown ? cache->possible_objects : grown;
}

static void judge_stacks(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];
		const struct cache_growth *cache = cache_of(snapshot, stack);

		stack->possible_blocks = stack->usage.live_blocks;
		if (cache && cache->possible_objects < stack->possible_blocks)
			stack->possible_blocks = cache->possible_objects;
		/* What was freed unseen looks as if it grew. */
		if (cache && cache->unverifiable)
			stack->verdict = (struct verdict){.kind = VERDICT_NONE};
	}
}

struct cache_ranking {
	const struct cache_growth *caches;
	enum select_key key;
};

static int compare_caches(const void *a, const void *b, void *context)
{
	const struct cache_ranking *ranking = context;
	const struct cache_growth *x = &ranking->caches[*(const size_t *)a], *y = &ranking->caches[*(const size_t *)b];
	int order = 0;

	if (ranking->key == SELECT_GROWTH)
		order = select_compare_growth(&x->verdict, x->growth_bytes, &y->verdict, y->growth_bytes);
	if (!order)
		order = COMPARE(y->growth_bytes, x->growth_bytes);
	if (!order)
		order = COMPARE(y->live_blocks, x->live_blocks);
	return order ? order : strcmp(x->name, y->name);
}

static bool is_named(const struct cache_growth *cache, const char *name)
{
	if (!name)
		return false;
	if (!strcmp(cache->name, name))
		return true;
	for (size_t i = 0; i < cache->n_aliases; i++) {
		if (!strcmp(cache->aliases[i], name))
			return true;
	}
	return false;
}

/* Puts the caches in order, and those to show first. Classes follow. */
static int rank_caches(struct kernel_memory *memory, const struct kernel_selection *selection)
{
	struct cache_growth *ranked = calloc(memory->n_caches + 1, sizeof(*ranked));
	size_t *order = calloc(memory->n_caches + 1, sizeof(*order)),
	       *place = calloc(memory->n_caches + 1, sizeof(*place));
	struct cache_ranking ranking = {.caches = memory->caches, .key = selection->sort};
	size_t n = 0;

	if (!ranked || !order || !place) {
		free(ranked);
		free(order);
		free(place);
		return -ENOMEM;
	}
	for (size_t i = 0; i < memory->n_caches; i++)
		order[i] = i;
	qsort_r(order, memory->n_caches, sizeof(*order), compare_caches, &ranking);
	for (int shown = 1; shown >= 0; shown--) {
		for (size_t i = 0; i < memory->n_caches; i++) {
			const struct cache_growth *cache = &memory->caches[order[i]];
			bool grown = cache->growth_objects > 0 &&
			             (uint64_t)cache->growth_bytes >= selection->min_growth_bytes && !selection->cache;

			if ((grown || is_named(cache, selection->cache)) != (shown == 1))
				continue;
			place[order[i]] = n;
			ranked[n] = *cache;
			ranked[n++].shown = shown;
			memory->n_caches_shown += (size_t)shown;
		}
	}
	for (size_t i = 0; i < memory->n_classes; i++) {
		if (memory->classes[i].cache < memory->n_caches)
			memory->classes[i].cache = place[memory->classes[i].cache];
	}
	free(memory->caches);
	memory->caches = ranked;
	free(order);
	free(place);
	return 0;
}

struct ranking {
	const struct snapshot *snapshot;
	enum select_key key;
};

/* Slab stacks in the order of their caches, then the other kinds. */
static size_t group_of(const struct snapshot *snapshot, const struct stack *stack)
{
	const struct cache_growth *cache = cache_of(snapshot, stack);

	if (cache)
		return (size_t)(cache - snapshot->kernel->caches);
	return snapshot->kernel->n_caches + (size_t)stack->kind;
}

static uint64_t key_of(const struct stack *stack, enum select_key key)
{
	switch (key) {
	case SELECT_COUNT:
		return stack->usage.live_blocks;
	case SELECT_AGE:
		return stack->oldest_ns;
	default:
		return stack->usage.live_bytes;
	}
}

static int compare_stacks(const void *left, const void *right, void *context)
{
	const struct stack *a = left, *b = right;
	const struct ranking *ranking = context;
	int order = COMPARE(group_of(ranking->snapshot, a), group_of(ranking->snapshot, b));

	if (!order)
		order = COMPARE(b->possible_blocks != 0, a->possible_blocks != 0);
	if (!order && ranking->key == SELECT_GROWTH)
		order = select_compare_growth(&a->verdict, a->growth_bytes, &b->verdict, b->growth_bytes);
	if (!order)
		order = COMPARE(key_of(b, ranking->key), key_of(a, ranking->key));
	if (!order)
		order = COMPARE(b->usage.live_blocks, a->usage.live_blocks);
	if (!order)
		order = COMPARE(b->usage.alloc_count, a->usage.alloc_count);
	return order ? order : identity_compare(ranking->snapshot, a, ranking->snapshot, b);
}

static bool is_candidate(const struct snapshot *snapshot, const struct stack *stack, size_t top)
{
	const struct cache_growth *cache = cache_of(snapshot, stack);

	if (!top)
		return stack->usage.alloc_count || stack->usage.live_blocks;
	return stack->usage.live_blocks && (stack->kind != KIND_SLAB || (cache && cache->shown));
}

/* Moves those to show to the front, `top` of each group. */
static int choose_stacks(struct snapshot *snapshot, size_t top)
{
	struct stack *chosen = calloc(snapshot->n_stacks + 1, sizeof(*chosen));
	size_t n = 0, n_hidden = 0, group = SIZE_MAX, in_group = 0;

	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_stacks; i++) {
		struct stack *stack = &snapshot->stacks[i];

		if (group_of(snapshot, stack) != group) {
			group = group_of(snapshot, stack);
			in_group = 0;
		}
		if (is_candidate(snapshot, stack, top) && (!top || in_group < top)) {
			chosen[n++] = *stack;
			in_group++;
		} else {
			snapshot->stacks[n_hidden++] = *stack;
		}
	}
	snapshot->n_stacks_shown = n;
	memcpy(chosen + n, snapshot->stacks, n_hidden * sizeof(*chosen));
	free(snapshot->stacks);
	snapshot->stacks = chosen;
	return 0;
}

int kernel_growth(struct snapshot *snapshot, const struct kernel_selection *selection)
{
	struct kernel_memory *memory = snapshot->kernel;
	struct ranking ranking = {.snapshot = snapshot, .key = selection->sort};
	int error = selection->sort == SELECT_GROWTH ? select_find_growth(snapshot, selection->before) : 0;

	if (error)
		return error;
	take_out_pages(snapshot);
	sum_caches(snapshot);
	for (size_t i = 0; i < memory->n_caches; i++) {
		judge_cache(&memory->caches[i]);
		if (!memory->filtered)
			memory->caches[i].free_count += memory->caches[i].unknown_frees;
	}
	judge_stacks(snapshot);
	aggregate_sum(snapshot);
	if (selection->series)
		error = cache_series_judge(selection->series, snapshot);
	if (!error)
		error = rank_caches(memory, selection);
	if (error)
		return error;
	if (snapshot->n_stacks)
		qsort_r(snapshot->stacks, snapshot->n_stacks, sizeof(struct stack), compare_stacks, &ranking);
	if (selection->top && memory->n_caches_shown > selection->top) {
		for (size_t i = selection->top; i < memory->n_caches_shown; i++)
			memory->caches[i].shown = false;
	}
	return choose_stacks(snapshot, selection->top);
}

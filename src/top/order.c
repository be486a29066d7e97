// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/order.h"

#include <stdlib.h>

#include "analyze/select.h"

/* The larger first. */
#define COMPARE(a, b) (((a) < (b)) - ((a) > (b)))

_Static_assert((int)ORDER_BYTES == SELECT_BYTES && (int)ORDER_COUNT == SELECT_COUNT &&
                   (int)ORDER_GROWTH == SELECT_GROWTH && (int)ORDER_AGE == SELECT_AGE,
               "the keys of --sort and of the screen differ");

static int by_bytes(const struct watch *watch, const struct watched *a, const struct watched *b)
{
	(void)watch;
	return COMPARE(a->stack.usage.live_bytes, b->stack.usage.live_bytes);
}

static int by_count(const struct watch *watch, const struct watched *a, const struct watched *b)
{
	(void)watch;
	return COMPARE(a->stack.usage.live_blocks, b->stack.usage.live_blocks);
}

static int by_growth(const struct watch *watch, const struct watched *a, const struct watched *b)
{
	(void)watch;
	return select_compare_growth(&a->stack.verdict, a->stack.growth_bytes, &b->stack.verdict,
	                             b->stack.growth_bytes);
}

static int by_age(const struct watch *watch, const struct watched *a, const struct watched *b)
{
	(void)watch;
	return COMPARE(a->stack.oldest_ns, b->stack.oldest_ns);
}

static int by_change(const struct watch *watch, const struct watched *a, const struct watched *b)
{
	int order = COMPARE(watched_change_bytes(watch, a), watched_change_bytes(watch, b));

	return order ? order : COMPARE(watched_change_blocks(watch, a), watched_change_blocks(watch, b));
}

static const struct {
	const char *name;
	int (*compare)(const struct watch *watch, const struct watched *a, const struct watched *b);
} orders[ORDER_COUNT_OF] = {
    [ORDER_BYTES] = {"bytes", by_bytes}, [ORDER_COUNT] = {"count", by_count},    [ORDER_GROWTH] = {"growth", by_growth},
    [ORDER_AGE] = {"age", by_age},       [ORDER_CHANGE] = {"change", by_change},
};

const char *order_name(enum order order)
{
	return orders[order].name;
}

enum order order_next(enum order order, bool marked)
{
	return (enum order)((order + 1) % (marked ? ORDER_COUNT_OF : ORDER_CHANGE));
}

struct sorting {
	const struct watch *watch;
	enum order order;
	bool reversed;
};

static int compare(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;
	const struct watched *a = *(struct watched *const *)left, *b = *(struct watched *const *)right;
	int order = orders[sorting->order].compare(sorting->watch, a, b);

	if (!order)
		order = by_bytes(sorting->watch, a, b);
	if (!order)
		order = by_count(sorting->watch, a, b);
	if (sorting->reversed)
		order = -order;
	/* The older one first. */
	return order ? order : -COMPARE(a->number, b->number);
}

void order_sort(const struct watch *watch, struct watched **stacks, size_t n, enum order order, bool reversed)
{
	struct sorting sorting = {watch, order, reversed};

	if (n)
		qsort_r(stacks, n, sizeof(struct watched *), compare, &sorting);
}

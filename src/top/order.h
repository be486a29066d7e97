/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The orders that the stacks can be shown in. */
#ifndef MEMTRACE_TOP_ORDER_H
#define MEMTRACE_TOP_ORDER_H

#include "top/watch.h"

/* The first ones as enum select_key has them. */
enum order { ORDER_BYTES, ORDER_COUNT, ORDER_GROWTH, ORDER_AGE, ORDER_CHANGE, ORDER_COUNT_OF };

/* "bytes", …; static */
const char *order_name(enum order order);
/* The next one of those that there are: by change only if a moment is marked. */
enum order order_next(enum order order, bool marked);
/* The largest first, or last; equal ones in an order that does not depend on where they stood. */
void order_sort(const struct watch *watch, struct watched **stacks, size_t n, enum order order, bool reversed);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of any bytes to numbers: 0, 1, … in the order in which they were first seen. */
#ifndef MEMTRACE_UTIL_INTERN_H
#define MEMTRACE_UTIL_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern;

/* NULL when out of memory. */
struct intern *intern_new(void);
/* NULL is allowed. */
void intern_free(struct intern *intern);

/* The key's number, or -ENOMEM. A structure as key must have no padding. */
int64_t intern_add(struct intern *intern, const void *key, size_t size);

size_t intern_count(const struct intern *intern);
/* The key of that number, aligned for any type; valid until the next intern_add(). */
const void *intern_key(const struct intern *intern, size_t number);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers under the names that the kernel gives them: what memtrace has no field for is carried over so. */
#ifndef MEMTRACE_MODEL_NAMED_VALUE_H
#define MEMTRACE_MODEL_NAMED_VALUE_H

#include <stddef.h>
#include <stdint.h>

struct named_value {
	char *name;
	uint64_t value;
};

/* In the kernel's order. All zeroes is an empty list. */
struct named_values {
	struct named_value *list;
	size_t n;
};

/* Adds one at the end; the name need not be terminated. 0 or -ENOMEM. */
int named_values_add(struct named_values *values, const char *name, size_t length, uint64_t value);
/* The first of that name, or NULL. */
const struct named_value *named_values_find(const struct named_values *values, const char *name);
/* Its value, 0 where there is none. */
uint64_t named_values_get(const struct named_values *values, const char *name);
/* Frees all, and leaves an empty list. */
void named_values_clear(struct named_values *values);

#endif

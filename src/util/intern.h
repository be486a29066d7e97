/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of any bytes, each kept once and known by a number: 0, 1, 2, … in the order in which they came. */
#ifndef MEMTRACE_UTIL_INTERN_H
#define MEMTRACE_UTIL_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

/* NULL when out of memory. */
struct intern *intern_new(void);
/* NULL is allowed. */
void intern_free(struct intern *intern);

/* The key's number; *added: it is new. -ENOMEM, also where there are 2^31 keys. */
int64_t intern_add(struct intern *intern, const void *key, size_t size, bool *added);
size_t intern_count(const struct intern *intern);
/* The key with that number, until the next one is added. */
const char *intern_key(const struct intern *intern, size_t number, size_t *size);

#endif

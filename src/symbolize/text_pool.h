/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts made from raw names, each made once and kept until the pool is freed:
 * demangled functions, printable file names.
 */
#ifndef MEMTRACE_SYMBOLIZE_TEXT_POOL_H
#define MEMTRACE_SYMBOLIZE_TEXT_POOL_H

struct text_pool;

/* `make` returns a text for free(), or NULL when out of memory. NULL when out of memory. */
struct text_pool *text_pool_new(char *(*make)(const char *raw));
void text_pool_free(struct text_pool *pool);

/* The text made from `raw`, the pool's own; NULL when out of memory. */
const char *text_pool_get(struct text_pool *pool, const char *raw);

#endif

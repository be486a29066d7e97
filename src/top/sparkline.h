/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of a number in so many characters, each as high as its value is between the least and the greatest. */
#ifndef MEMTRACE_TOP_SPARKLINE_H
#define MEMTRACE_TOP_SPARKLINE_H

#include <stddef.h>
#include <stdint.h>

#define SPARKLINE_MAX 32
/* Of each character in UTF-8 three bytes, and a NUL. */
#define SPARKLINE_SIZE (3 * SPARKLINE_MAX + 1)

/* The newest `width` of n values, right-aligned. What does not change lies at the bottom. */
void sparkline_write(char text[SPARKLINE_SIZE], const uint64_t *values, size_t n, size_t width);

#endif

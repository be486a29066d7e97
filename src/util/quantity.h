/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Amounts for people to read; in columns never more than six characters. */
#ifndef MEMTRACE_UTIL_QUANTITY_H
#define MEMTRACE_UTIL_QUANTITY_H

#include <stdint.h>

#define QUANTITY_SIZE 32

/* "0", "712K", "23.5G": powers of 1024, a decimal below 100 */
const char *quantity_bytes(char text[QUANTITY_SIZE], uint64_t bytes);
/* "123", "45.6k", "16.5M": powers of 1000 from 10,000 on */
const char *quantity_count(char text[QUANTITY_SIZE], uint64_t count);
/* In a sentence: "14 GiB", "1.4 MiB", "512 bytes"; a decimal below 10 */
const char *quantity_words(char text[QUANTITY_SIZE], uint64_t bytes);
/* A rate as a whole amount: 0 below 0, and no more than fits. */
uint64_t quantity_of(double amount);

#endif

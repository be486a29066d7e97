/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people write them on a command line. Strict: digits only at the start
 * (no sign, no blank), nothing behind, no overflow. All return 0, -EINVAL for what
 * is no number of the kind, or -ERANGE for one that does not fit; *value is then
 * as it was.
 */
#ifndef MEMTRACE_UTIL_NUMBER_H
#define MEMTRACE_UTIL_NUMBER_H

#include <stdint.h>

/* "1234" */
int number_parse(const char *text, uint64_t *value);
/* "10", "64K", "512M", "2GiB": powers of 1024. */
int number_parse_size(const char *text, uint64_t *bytes);
/* "5", "0.25": seconds with up to nine decimals, in nanoseconds. Fits an int64. */
int number_parse_seconds(const char *text, uint64_t *ns);
/* "90s", "30min", "12h", "7d": in nanoseconds. Fits an int64. */
int number_parse_duration(const char *text, uint64_t *ns);
/* "64K/s", "1M/min", "10MiB/h", "1G/d": a size by time, in bytes per second. */
int number_parse_rate(const char *text, double *bytes_per_s);

#endif

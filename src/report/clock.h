/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments as reports write them. Each fills a buffer of CLOCK_SIZE bytes from nanoseconds since 1970 (UTC). */
#ifndef MEMTRACE_REPORT_CLOCK_H
#define MEMTRACE_REPORT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SIZE 40

/* "03:00:41", local or in UTC */
void clock_time(char text[CLOCK_SIZE], uint64_t unix_ns, bool utc);
/* "2026-03-01 03:00:41", local or in UTC */
void clock_date(char text[CLOCK_SIZE], uint64_t unix_ns, bool utc);
/* "2026-03-01T03:00:41.123456Z": RFC 3339, always UTC; microseconds, which is what most parsers take */
void clock_rfc3339(char text[CLOCK_SIZE], uint64_t unix_ns);

#endif

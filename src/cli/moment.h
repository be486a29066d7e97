/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments as people name them. */
#ifndef MEMTRACE_CLI_MOMENT_H
#define MEMTRACE_CLI_MOMENT_H

#include <stddef.h>

#include "model/history.h"

/*
 * The last of the moments (there is one at least) until the time: "2026-03-01T12:30:00" with an optional zone ("Z",
 * "+01:00"; else local), "12:30" or "12:30:05" (local, the last such time that the moments reach), "@1772334041"
 * (seconds since 1970), "+90" (seconds since the first). 0; -EINVAL: it is no time; -ERANGE: it is before the first.
 */
int moment_find(const struct moment *moments, size_t n, const char *time, size_t *index);

/* The one with the most live bytes; the first of several. */
size_t moment_peak(const struct moment *moments, size_t n);

#endif

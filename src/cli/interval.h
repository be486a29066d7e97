/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command that reports at intervals waits for: the next report, or a signal to end. */
#ifndef MEMTRACE_CLI_INTERVAL_H
#define MEMTRACE_CLI_INTERVAL_H

#include <stdint.h>

/*
 * A descriptor that is readable once SIGINT or SIGTERM has come, which end nothing by themselves from now on; and
 * SIGPIPE is ignored: a reader that has gone away is an error of the write that meets it. The caller closes.
 * Negative: -errno.
 */
int interval_take_signals(void);

/* A descriptor that is readable, without waiting, at the end of each interval. The caller closes. Negative: -errno. */
int interval_start_timer(uint64_t interval_ns);

#endif

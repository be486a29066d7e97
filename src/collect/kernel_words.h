/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that the kernel keeps for a process and gives back to it one day: data of epoll(7), values of timers. */
#ifndef MEMTRACE_COLLECT_KERNEL_WORDS_H
#define MEMTRACE_COLLECT_KERNEL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/reach.h"

/* The word in a line of /proc/PID/fdinfo/FD of an epoll instance (proc_pid_fdinfo(5)). False: there is none. */
bool kernel_words_epoll(const char *line, uint64_t *word);
/* The word in a line of /proc/PID/timers (proc_pid_timers(5)). False: there is none. */
bool kernel_words_timer(const char *line, uint64_t *word);

/* Epoll instances that a process has, by descriptor: a look at each of its descriptors. 0 or -ENOMEM; owned. */
int kernel_words_find(pid_t pid, int **descriptors, size_t *n);

/* Calls `found` for each word that these and the timers have, until it returns non-zero: 0, or that. */
int kernel_words_each(pid_t pid, const int *descriptors, size_t n,
                      int (*found)(void *context, enum reach_kept kept, uint64_t word), void *context);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the stacks of a process's threads are, as far as threads wait. */
#ifndef MEMTRACE_COLLECT_THREAD_STACKS_H
#define MEMTRACE_COLLECT_THREAD_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The stack pointer in what /proc/PID/task/TID/syscall says; false: the thread runs, or it is hidden. */
bool thread_stacks_parse(const char *text, uint64_t *stack_pointer);

/*
 * The stack pointers of all threads but the main one, whose stack has a name. `unseen` is the number of those that
 * have none to see. 0, and the caller frees the list; or -errno.
 */
int thread_stacks_read(pid_t pid, uint64_t **stack_pointers, size_t *n, uint64_t *unseen);

#endif

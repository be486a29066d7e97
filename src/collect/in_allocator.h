/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a stopped thread may be in the middle of changing an allocator's structures. */
#ifndef MEMTRACE_COLLECT_IN_ALLOCATOR_H
#define MEMTRACE_COLLECT_IN_ALLOCATOR_H

#include <stdbool.h>

struct registers;
struct target;

/*
 * True where its program counter is near the functions of an allocator, or it is in a system call that changes what
 * is mapped. Who waits for an allocator's lock need not be found: who holds it is.
 */
bool in_allocator(const struct target *target, const struct registers *registers);

#endif

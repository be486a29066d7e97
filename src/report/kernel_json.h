/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a JSON report has of kernel memory beside what all have. NULL, or non-zero, when out of memory. */
#ifndef MEMTRACE_REPORT_KERNEL_JSON_H
#define MEMTRACE_REPORT_KERNEL_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* The members "caches", "counters", "pages", … of the report. */
json_t *kernel_json_members(const struct snapshot *snapshot);
/* Adds to the object of whom a stack is laid to, where that is a cgroup. */
int kernel_json_set_owner(json_t *object, const struct snapshot *snapshot, const struct process *owner);
/* Adds to a stack's object what is the kernel's alone. */
int kernel_json_set_stack(json_t *object, const struct snapshot *snapshot, const struct stack *stack);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of a stack in JSON reports. */
#ifndef MEMTRACE_REPORT_FRAMES_JSON_H
#define MEMTRACE_REPORT_FRAMES_JSON_H

#include <jansson.h>

#include "model/snapshot.h"

/* An array. NULL: out of memory. */
json_t *frames_json(const struct process *process, const struct stack *stack);

#endif

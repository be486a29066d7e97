/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the growth of a stack, in reports for programs. */
#ifndef MEMTRACE_REPORT_VERDICT_JSON_H
#define MEMTRACE_REPORT_VERDICT_JSON_H

#include <jansson.h>

#include "model/verdict.h"

/* null before there is evidence. NULL: out of memory. */
json_t *verdict_json(const struct verdict *verdict);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DWARF expressions that occur in call frame information, as far as unwind rules can say them. */
#ifndef MEMTRACE_UNWIND_EXPRESSION_H
#define MEMTRACE_UNWIND_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/machine.h"

/* Sets cfa, cfa_offset and second_offset: UNWIND_BAD for what cannot be said. */
void expression_cfa(const struct machine *machine, const uint8_t *bytes, size_t size, struct unwind_rule *rule);

/* Whether the expression's value is fp + *offset. */
bool expression_is_fp(const struct machine *machine, const uint8_t *bytes, size_t size, int32_t *offset);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What call frame instructions have said so far about a frame (a row of the table of DWARF 5
 * section 6.4.1), kept in the form of the rule that it will be.
 */
#ifndef MEMTRACE_UNWIND_FRAME_STATE_H
#define MEMTRACE_UNWIND_FRAME_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/machine.h"

/* How a register of the caller is found. */
enum register_rule {
	RULE_SAME,
	RULE_UNDEFINED,
	RULE_AT_CFA, /* in memory at CFA + value */
	RULE_AT_FP,  /* in memory at the frame pointer + value */
	RULE_CFA,    /* it is CFA + value */
	RULE_OTHER,  /* in a way that unwind rules cannot say */
};

enum cfa_form {
	CFA_UNSET,
	CFA_REGISTER,
	CFA_EXPRESSION,
};

struct frame_state {
	struct unwind_rule rule;
	uint8_t return_rule; /* enum register_rule */
	uint8_t sp_is_cfa;   /* the caller's stack pointer is the CFA */
	uint8_t cfa_form;    /* enum cfa_form */
	uint64_t cfa_register;
	int64_t cfa_offset;
};

/* As the ABI says before any instruction: nothing has changed yet. */
void frame_state_init(struct frame_state *state, const struct machine *machine);

void frame_state_set_cfa(struct frame_state *state, const struct machine *machine, uint64_t number, int64_t offset);
void frame_state_set_cfa_expression(struct frame_state *state, const struct machine *machine, const uint8_t *bytes,
                                    size_t size);

/* `which` is an enum machine_register. */
void frame_state_set(struct frame_state *state, unsigned int which, enum register_rule rule, int64_t value);
/* The register's rule as it is in `initial`. */
void frame_state_restore(struct frame_state *state, unsigned int which, const struct frame_state *initial);

/*
 * The rule that the state amounts to, all bytes that have no meaning zero. False when the form
 * cannot say it; the rule is then UNWIND_BAD.
 */
bool frame_state_rule(const struct frame_state *state, const struct machine *machine, struct unwind_rule *rule);

#endif
